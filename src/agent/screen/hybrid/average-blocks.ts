import type { Rect } from "../../../base/index.ts";
import type { PixelPlane } from "../../../codecs/tile/index.ts";

const BLOCK = 4;

/**
 * The mean colour of every 4x4 block of a rectangle, counted from its corner; blocks at the right and bottom edge may be
 * smaller. Returns a picture with a pixel for each block, and its size.
 */
export function averageBlocks(source: PixelPlane, rect: Rect): { readonly plane: PixelPlane; readonly rect: Rect } {
  const width = Math.ceil(rect.width / BLOCK);
  const height = Math.ceil(rect.height / BLOCK);
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row += 1) {
    const rows = Math.min(BLOCK, rect.height - row * BLOCK);
    for (let column = 0; column < width; column += 1) {
      const columns = Math.min(BLOCK, rect.width - column * BLOCK);
      const corner = (rect.y + row * BLOCK) * source.strideWords + rect.x + column * BLOCK;
      pixels[row * width + column] = mean(source, corner, columns, rows);
    }
  }
  return { plane: { pixels, strideWords: width }, rect: { x: 0, y: 0, width, height } };
}

function mean({ pixels, strideWords }: PixelPlane, corner: number, columns: number, rows: number): number {
  // Red and blue are summed in one word: sixteen times 255 stays below their distance.
  let redBlue = 0;
  let green = 0;
  for (let row = 0; row < rows; row += 1) {
    const start = corner + row * strideWords;
    for (let at = start; at < start + columns; at += 1) {
      const word = pixels[at] as number;
      redBlue += word & 0xff00ff;
      green += (word >>> 8) & 0xff;
    }
  }
  const count = rows * columns;
  const half = count >> 1;
  const red = Math.floor(((redBlue >>> 16) + half) / count);
  const blue = Math.floor(((redBlue & 0xffff) + half) / count);
  return (red << 16) | (Math.floor((green + half) / count) << 8) | blue;
}
