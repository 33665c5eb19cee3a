export type Size = { readonly width: number; readonly height: number };

/** The size within the limits that keeps the shape, never larger than the source; even, as video has to be. */
export function fitSize(source: Size, limits: Size): Size {
  const scale = Math.min(1, limits.width / source.width, limits.height / source.height);
  const even = (length: number): number => Math.max(2, Math.floor((length * scale) / 2 + 1e-6) * 2);
  return { width: even(source.width), height: even(source.height) };
}

/** Macroblocks per picture and per second that a level of H.264 allows, with its number in a codec string. */
const LEVELS = [
  { blocks: 1620, blocksPerSecond: 40_500, hex: "1e" },
  { blocks: 3600, blocksPerSecond: 108_000, hex: "1f" },
  { blocks: 8192, blocksPerSecond: 245_760, hex: "28" },
  { blocks: 8704, blocksPerSecond: 522_240, hex: "2a" },
  { blocks: 36_864, blocksPerSecond: 983_040, hex: "33" },
  { blocks: 36_864, blocksPerSecond: 2_073_600, hex: "34" },
] as const;

/** H.264 constrained baseline with the least level that takes this size at this rate. */
export function codecForSize({ width, height }: Size, fps: number): string {
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const level = LEVELS.find((each) => blocks <= each.blocks && blocks * fps <= each.blocksPerSecond);
  return `avc1.42e0${level?.hex ?? "34"}`;
}
