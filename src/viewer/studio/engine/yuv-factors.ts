import { matrixWeights, type YuvMatrix } from "../../../codecs/yuv/index.ts";

/** How Y, U and V make red, green and blue, with everything from 0 to 255. */
export type YuvFactors = {
  readonly luma: readonly [factor: number, zero: number];
  /** V to red, U to green, V to green, U to blue; of U and V less 128. */
  readonly chroma: readonly [number, number, number, number];
};

/** The factors of a matrix, for shaders; the tables of codecs/yuv hold the same numbers. */
export function yuvFactors(matrix: YuvMatrix, fullRange: boolean): YuvFactors {
  const { kr, kb } = matrixWeights(matrix);
  const kg = 1 - kr - kb;
  const scale = fullRange ? 1 : 255 / 224;
  return {
    luma: fullRange ? [1, 0] : [255 / 219, 16],
    chroma: [
      2 * (1 - kr) * scale,
      ((-2 * (1 - kb) * kb) / kg) * scale,
      ((-2 * (1 - kr) * kr) / kg) * scale,
      2 * (1 - kb) * scale,
    ],
  };
}
