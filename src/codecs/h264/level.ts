/** What a level allows (Rec. H.264, table A-1): macroblocks a second, a picture and in the buffer; kbit/s and kbit. */
type LevelLimits = readonly [
  levelIdc: number,
  macroblockRate: number,
  pictureMacroblocks: number,
  bufferMacroblocks: number,
  kilobitRate: number,
  bufferKilobits: number,
];

const LEVELS: readonly LevelLimits[] = [
  [10, 1485, 99, 396, 64, 175],
  [11, 3000, 396, 900, 192, 500],
  [12, 6000, 396, 2376, 384, 1000],
  [13, 11_880, 396, 2376, 768, 2000],
  [20, 11_880, 396, 2376, 2000, 2000],
  [21, 19_800, 792, 4752, 4000, 4000],
  [22, 20_250, 1620, 8100, 4000, 4000],
  [30, 40_500, 1620, 8100, 10_000, 10_000],
  [31, 108_000, 3600, 18_000, 14_000, 14_000],
  [32, 216_000, 5120, 20_480, 20_000, 20_000],
  [40, 245_760, 8192, 32_768, 20_000, 25_000],
  [41, 245_760, 8192, 32_768, 50_000, 62_500],
  [42, 522_240, 8704, 34_816, 50_000, 62_500],
  [50, 589_824, 22_080, 110_400, 135_000, 135_000],
  [51, 983_040, 36_864, 184_320, 240_000, 240_000],
  [52, 2_073_600, 36_864, 184_320, 240_000, 240_000],
  [60, 4_177_920, 139_264, 696_320, 240_000, 240_000],
  [61, 8_355_840, 139_264, 696_320, 480_000, 480_000],
  [62, 16_711_680, 139_264, 696_320, 800_000, 800_000],
];

/** What a stream needs of its level. */
export type LevelNeeds = {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly bitrateBps: number;
  readonly bufferBits: number;
  readonly refFrames: number;
};

/**
 * The smallest level_idc (42 for level 4.2) that allows such a stream, by table A-1 with the factor 1000 of Baseline and
 * Main, which is the strictest; 62 when none does. Level 1b is never chosen.
 */
export function smallestLevel(needs: LevelNeeds): number {
  const columns = Math.ceil(needs.width / 16);
  const rows = Math.ceil(needs.height / 16);
  const macroblocks = columns * rows;
  const fits = LEVELS.find(
    ([, macroblockRate, pictureMacroblocks, bufferMacroblocks, kilobitRate, bufferKilobits]) =>
      macroblocks * needs.fps <= macroblockRate &&
      macroblocks <= pictureMacroblocks &&
      Math.max(columns, rows) ** 2 <= 8 * pictureMacroblocks &&
      macroblocks * needs.refFrames <= bufferMacroblocks &&
      needs.bitrateBps <= kilobitRate * 1000 &&
      needs.bufferBits <= bufferKilobits * 1000,
  );
  return fits?.[0] ?? 62;
}
