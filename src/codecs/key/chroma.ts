import { matrixWeights, type YuvMatrix } from "../yuv/index.ts";
import type { Rgb } from "./settings.ts";

/**
 * A place in the plane of key colours: the chroma of BT.709 video, limited range, as shares of 255 with grey at 0, 0. It
 * is the plane of OBS's chroma key, whatever matrix a video has.
 */
export type Chroma = readonly [cb: number, cr: number];

const LIMITED_CHROMA = 224 / 255;
const BT709 = matrixWeights("bt709");

/** Where a colour lies in the plane of key colours. */
export function chromaOf([red, green, blue]: Rgb): Chroma {
  const { kr, kb } = BT709;
  const luma = kr * red + (1 - kr - kb) * green + kb * blue;
  const scale = LIMITED_CHROMA / 255 / 2;
  return [((blue - luma) / (1 - kb)) * scale, ((red - luma) / (1 - kr)) * scale];
}

/**
 * Maps U and V of a video, less 128, to the plane of key colours: `cb = a * u + b * v`, `cr = c * u + d * v`. A grey is the
 * same grey in every matrix, so luma has no part in it.
 */
export function chromaMap(matrix: YuvMatrix, fullRange: boolean): readonly [number, number, number, number] {
  const { kr, kb } = matrixWeights(matrix);
  const kg = 1 - kr - kb;
  const scale = fullRange ? 1 : 255 / 224;
  const [a, c] = chromaOf([0, ((-2 * (1 - kb) * kb) / kg) * scale, 2 * (1 - kb) * scale]);
  const [b, d] = chromaOf([2 * (1 - kr) * scale, ((-2 * (1 - kr) * kr) / kg) * scale, 0]);
  return [a, b, c, d];
}
