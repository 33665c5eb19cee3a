/** Where the planes of a 4:2:0 picture lie in one buffer. `chromaStep` is 2 where U and V alternate (NV12), else 1. */
export type YuvPlanes = {
  readonly bytes: Uint8Array;
  readonly yStride: number;
  readonly uOffset: number;
  readonly vOffset: number;
  readonly chromaStride: number;
  readonly chromaStep: 1 | 2;
};

/**
 * A conversion in 1/65536: each of R, G and B is `y` times Y plus `bias`, which has half a step for rounding, plus its
 * factors times U - 128 and V - 128, shifted by {@link YUV_SHIFT} and brought into 0 to 255.
 */
export type YuvCoefficients = {
  readonly y: number;
  readonly bias: number;
  readonly rv: number;
  readonly gu: number;
  readonly gv: number;
  readonly bu: number;
};

/** Contributions of one value of Y, U or V to R, G, B in 1/65536, by value. Y includes rounding and the clamp's offset. */
export type YuvTables = {
  readonly coefficients: YuvCoefficients;
  readonly y: Int32Array;
  readonly rv: Int32Array;
  readonly gu: Int32Array;
  readonly gv: Int32Array;
  readonly bu: Int32Array;
};

/** Fraction bits of {@link YuvTables}. */
export const YUV_SHIFT = 16;
const SHIFT = YUV_SHIFT;
const ONE = 1 << SHIFT;
/** Sums lie between -300 and 600; the clamp table starts here. */
const CLAMP_OFFSET = 512;
const OPAQUE = 0xff000000;

/** The byte of a sum of one Y and its chroma contributions, shifted by {@link YUV_SHIFT}. */
export const YUV_CLAMP: Uint8ClampedArray = Uint8ClampedArray.from(
  { length: 2048 },
  (_, index) => index - CLAMP_OFFSET,
);
const clamp = YUV_CLAMP;

/** Kr and Kb of the colour matrices that video uses (ITU-T H.273, table 4). */
const WEIGHTS = {
  bt709: { kr: 0.2126, kb: 0.0722 },
  bt601: { kr: 0.299, kb: 0.114 },
  bt2020: { kr: 0.2627, kb: 0.0593 },
} as const;

export type YuvMatrix = keyof typeof WEIGHTS;

/** Shares of red and blue in the luma of a matrix; green has the rest. */
export function matrixWeights(matrix: YuvMatrix): { readonly kr: number; readonly kb: number } {
  return WEIGHTS[matrix];
}

/** The conversion of a matrix; `fullRange` is 0 to 255 for all, as in JPEG, otherwise 16 to 235 and 16 to 240. */
function yuvCoefficients(matrix: YuvMatrix, fullRange: boolean): YuvCoefficients {
  const { kr, kb } = WEIGHTS[matrix];
  const kg = 1 - kr - kb;
  const yScale = fullRange ? 1 : 255 / 219;
  const chromaScale = fullRange ? 1 : 255 / 224;
  const yZero = fullRange ? 0 : 16;
  const chroma = (factor: number): number => Math.round(factor * chromaScale * ONE);
  return {
    y: Math.round(yScale * ONE),
    bias: Math.round((0.5 - yScale * yZero) * ONE),
    rv: chroma(2 * (1 - kr)),
    gu: chroma((-2 * (1 - kb) * kb) / kg),
    gv: chroma((-2 * (1 - kr) * kr) / kg),
    bu: chroma(2 * (1 - kb)),
  };
}

/** Builds the tables of a matrix; `fullRange` as in {@link yuvCoefficients}. */
export function yuvTables(matrix: YuvMatrix, fullRange: boolean): YuvTables {
  const coefficients = yuvCoefficients(matrix, fullRange);
  const { y, bias, rv, gu, gv, bu } = coefficients;
  const table = (contribution: (value: number) => number): Int32Array =>
    Int32Array.from({ length: 256 }, (_, value) => contribution(value));
  const chroma = (factor: number): Int32Array => table((value) => factor * (value - 128));
  return {
    coefficients,
    y: table((value) => y * value + bias + CLAMP_OFFSET * ONE),
    rv: chroma(rv),
    gu: chroma(gu),
    gv: chroma(gv),
    bu: chroma(bu),
  };
}

/**
 * Converts a 4:2:0 picture to pixels 0xAABBGGRR (bytes R G B A). Chroma is not interpolated, as in libyuv. Neighbours that
 * equal the pair before them cost a comparison only, which is most of a desktop. Columns left of `fromColumn`, an even
 * number, are left as they are.
 */
export function convertYuv(
  planes: YuvPlanes,
  width: number,
  height: number,
  tables: YuvTables,
  out: Uint32Array,
  fromColumn = 0,
): void {
  const { bytes, yStride, uOffset, vOffset, chromaStride, chromaStep } = planes;
  const { y: yTable, rv, gu, gv, bu } = tables;
  for (let row = 0; row < height; row += 1) {
    const chromaRow = (row >> 1) * chromaStride + (fromColumn >> 1) * chromaStep;
    let u = uOffset + chromaRow;
    let v = vOffset + chromaRow;
    let from = row * yStride + fromColumn;
    let to = row * width + fromColumn;
    const end = (row + 1) * width;
    let lastLuma = -1;
    let lastChroma = -1;
    let left = 0;
    let right = 0;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (; to < end; to += 2) {
      const chroma = (bytes[u] as number) | ((bytes[v] as number) << 8);
      const luma = (bytes[from] as number) | ((bytes[from + 1] as number) << 8);
      u += chromaStep;
      v += chromaStep;
      from += 2;
      if (chroma !== lastChroma || luma !== lastLuma) {
        if (chroma !== lastChroma) {
          red = rv[chroma >> 8] as number;
          green = (gu[chroma & 255] as number) + (gv[chroma >> 8] as number);
          blue = bu[chroma & 255] as number;
        }
        const first = yTable[luma & 255] as number;
        const second = yTable[luma >> 8] as number;
        lastLuma = luma;
        lastChroma = chroma;
        left =
          OPAQUE |
          ((clamp[(first + blue) >> SHIFT] as number) << 16) |
          ((clamp[(first + green) >> SHIFT] as number) << 8) |
          (clamp[(first + red) >> SHIFT] as number);
        right =
          OPAQUE |
          ((clamp[(second + blue) >> SHIFT] as number) << 16) |
          ((clamp[(second + green) >> SHIFT] as number) << 8) |
          (clamp[(second + red) >> SHIFT] as number);
      }
      out[to] = left;
      if (to + 1 < end) out[to + 1] = right;
    }
  }
}
