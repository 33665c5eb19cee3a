import { addDamage, type Rect } from "../../base/index.ts";
import type { PixelBuffer } from "./capturer.ts";

/** Rows that are compared at once: the height of the rectangles that a change is reported with. */
const BAND_ROWS = 16;

/** Two pictures of one size have some different byte in their pixels; stops at the first one. */
export function differs(a: PixelBuffer, b: PixelBuffer): boolean {
  const first = asBuffer(a.pixels);
  const second = asBuffer(b.pixels);
  const rowBytes = a.width * 4;
  for (let y = 0; y < a.height; y += BAND_ROWS) {
    if (bandDiffers(first, a.strideBytes, second, b.strideBytes, rowBytes, y, Math.min(BAND_ROWS, a.height - y))) {
      return true;
    }
  }
  return false;
}

/** Rectangles, at most `maxRects`, that cover every pixel in which two pictures of one size differ. */
export function differingRects(a: PixelBuffer, b: PixelBuffer, maxRects: number): Rect[] {
  const first = asBuffer(a.pixels);
  const second = asBuffer(b.pixels);
  const rects: Rect[] = [];
  for (let y = 0; y < a.height; y += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, a.height - y);
    if (!bandDiffers(first, a.strideBytes, second, b.strideBytes, a.width * 4, y, rows)) continue;
    addDamage(rects, narrow(a, b, y, rows), maxRects);
  }
  return rects;
}

function bandDiffers(
  a: Buffer,
  aStride: number,
  b: Buffer,
  bStride: number,
  rowBytes: number,
  y: number,
  rows: number,
): boolean {
  if (aStride === rowBytes && bStride === rowBytes) {
    const end = (y + rows) * rowBytes;
    return a.compare(b, y * rowBytes, end, y * rowBytes, end) !== 0;
  }
  for (let row = y; row < y + rows; row += 1) {
    const at = row * bStride;
    if (a.compare(b, at, at + rowBytes, row * aStride, row * aStride + rowBytes) !== 0) return true;
  }
  return false;
}

/** The columns and rows of a band that differ, knowing that some do. */
function narrow(a: PixelBuffer, b: PixelBuffer, y: number, rows: number): Rect {
  let left = a.width;
  let right = 0;
  let top = y + rows;
  let bottom = y;
  for (let row = y; row < y + rows; row += 1) {
    const first = pixelRow(a, row);
    const second = pixelRow(b, row);
    let from = 0;
    while (from < a.width && first[from] === second[from]) from += 1;
    if (from === a.width) continue;
    top = Math.min(top, row);
    bottom = row + 1;
    left = Math.min(left, from);
    let to = a.width;
    while (to > right && first[to - 1] === second[to - 1]) to -= 1;
    right = Math.max(right, to);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function pixelRow(picture: PixelBuffer, row: number): Uint32Array {
  const { buffer, byteOffset } = picture.pixels;
  return new Uint32Array(buffer, byteOffset + row * picture.strideBytes, picture.width);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
