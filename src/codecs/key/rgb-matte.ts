import { matrixWeights } from "../yuv/index.ts";
import type { RgbaSource } from "./key-picture.ts";
import type { Matte } from "./matte.ts";

const { kr: RED, kb: BLUE } = matrixWeights("bt709");
const GREEN = 1 - RED - BLUE;

/**
 * Looks the mean colour of each 2x2 pixels up in a key table for BT.709 in limited range, as U and V or, for a luma key,
 * as Y. The last column and row of odd sizes count twice.
 */
export function fillRgbMatte(source: RgbaSource, table: Uint16Array, isLuma: boolean, matte: Matte): void {
  const { pixels, width, height } = source;
  for (let row = 0, at = 0; row < matte.height; row += 1) {
    const upper = row * 2 * width;
    const lower = Math.min(row * 2 + 1, height - 1) * width;
    for (let left = 0; left < width; left += 2, at += 1) {
      const right = Math.min(left + 1, width - 1);
      const [a, b] = [pixels[upper + left] as number, pixels[upper + right] as number];
      const [c, d] = [pixels[lower + left] as number, pixels[lower + right] as number];
      const red = ((a & 255) + (b & 255) + (c & 255) + (d & 255)) / 4;
      const green = (((a >> 8) & 255) + ((b >> 8) & 255) + ((c >> 8) & 255) + ((d >> 8) & 255)) / 4;
      const blue = (((a >> 16) & 255) + ((b >> 16) & 255) + ((c >> 16) & 255) + ((d >> 16) & 255)) / 4;
      const luma = RED * red + GREEN * green + BLUE * blue;
      const value = table[isLuma ? lumaByte(luma) : chromaBytes(red, blue, luma)] as number;
      matte.alpha[at] = value;
      matte.spill[at] = value >> 8;
    }
  }
}

function lumaByte(luma: number): number {
  return Math.floor(16 + (luma * 219) / 255 + 0.5);
}

function chromaBytes(red: number, blue: number, luma: number): number {
  const scale = 224 / 255;
  const u = Math.floor(128 + ((blue - luma) / (2 * (1 - BLUE))) * scale + 0.5);
  const v = Math.floor(128 + ((red - luma) / (2 * (1 - RED))) * scale + 0.5);
  return u | (v << 8);
}
