import type { Rect } from "../../base/index.ts";
import {
  ABOVE_EXTENDED,
  EMPTY,
  maxTileBytes,
  OP_ABOVE,
  OP_DIFF,
  OP_LUMA,
  OP_RGB,
  OP_RUN,
  RUN_EXTENDED,
  TABLE_SIZE,
  tableIndex,
} from "./format.ts";

/** A picture of 32-bit pixels 0x??RRGGBB (bytes B G R ?, as X servers give them); the top byte is ignored. */
export type PixelPlane = { readonly pixels: Uint32Array; readonly strideWords: number };

const table = new Uint32Array(TABLE_SIZE);

/**
 * Encodes a rectangle of the plane in the lossless tile format into `target` from `offset` and returns the offset after
 * it, or -1 as soon as a row ends past `maxBytes`. `target` must have room for that and one row of raw pixels more, or for
 * `maxTileBytes(width * height)`; a RangeError says so otherwise.
 */
export function encodeTile(
  plane: PixelPlane,
  rect: Rect,
  target: Uint8Array,
  offset: number,
  maxBytes: number = Number.POSITIVE_INFINITY,
): number {
  const needed = Math.min(maxTileBytes(rect.width * rect.height), maxBytes + maxTileBytes(rect.width));
  if (target.length - offset < needed) {
    throw new RangeError(`A ${rect.width}x${rect.height} tile may need more room than the target has left.`);
  }
  const { pixels, strideWords } = plane;
  table.fill(EMPTY);
  let out = offset;
  let previous = 0;
  let above = 0;
  for (let row = 0; row < rect.height; row += 1) {
    if (out - offset > maxBytes) return -1;
    let at = (rect.y + row) * strideWords + rect.x;
    const end = at + rect.width;
    while (at < end) {
      const colour = (pixels[at] as number) & 0xffffff;
      const start = at;
      if (row > 0 && colour === ((pixels[at - strideWords] as number) & 0xffffff)) {
        at = aboveRunEnd(pixels, at + 1, end, strideWords);
        above += at - start;
        previous = (pixels[at - 1] as number) & 0xffffff;
        continue;
      }
      if (above > 0) {
        out = putRun(target, out, OP_ABOVE, above, ABOVE_EXTENDED);
        above = 0;
      }
      at += 1;
      if (colour === previous) {
        at = sameRunEnd(pixels, at, end, previous);
        out = putRun(target, out, OP_RUN, at - start, RUN_EXTENDED);
        continue;
      }
      out = putColour(target, out, colour, previous);
      previous = colour;
    }
  }
  if (above > 0) out = putRun(target, out, OP_ABOVE, above, ABOVE_EXTENDED);
  return out - offset > maxBytes ? -1 : out;
}

/** The first pixel from `at` that differs from the one above it, or `end`. */
function aboveRunEnd(pixels: Uint32Array, at: number, end: number, strideWords: number): number {
  let next = at;
  while (next < end && (((pixels[next] as number) ^ (pixels[next - strideWords] as number)) & 0xffffff) === 0)
    next += 1;
  return next;
}

/** The first pixel from `at` that is not `colour`, or `end`. */
function sameRunEnd(pixels: Uint32Array, at: number, end: number, colour: number): number {
  let next = at;
  while (next < end && ((pixels[next] as number) & 0xffffff) === colour) next += 1;
  return next;
}

function putColour(target: Uint8Array, offset: number, colour: number, previous: number): number {
  const index = tableIndex(colour);
  if (table[index] === colour) {
    target[offset] = index;
    return offset + 1;
  }
  table[index] = colour;
  const red = (((colour >>> 16) - (previous >>> 16)) << 24) >> 24;
  const green = (((colour >>> 8) - (previous >>> 8)) << 24) >> 24;
  const blue = ((colour - previous) << 24) >> 24;
  if (((red + 2) | (green + 2) | (blue + 2)) >>> 2 === 0) {
    target[offset] = OP_DIFF | ((red + 2) << 4) | ((green + 2) << 2) | (blue + 2);
    return offset + 1;
  }
  const redLuma = red - green + 8;
  const blueLuma = blue - green + 8;
  if ((green + 32) >>> 6 === 0 && (redLuma | blueLuma) >>> 4 === 0) {
    target[offset] = OP_LUMA | (green + 32);
    target[offset + 1] = (redLuma << 4) | blueLuma;
    return offset + 2;
  }
  target[offset] = OP_RGB;
  target[offset + 1] = colour >>> 16;
  target[offset + 2] = colour >>> 8;
  target[offset + 3] = colour;
  return offset + 4;
}

function putRun(target: Uint8Array, offset: number, operation: number, length: number, extended: number): number {
  if (length <= extended) {
    target[offset] = operation | (length - 1);
    return offset + 1;
  }
  target[offset] = operation | extended;
  let out = offset + 1;
  let rest = length - extended - 1;
  while (rest > 0x7f) {
    target[out] = (rest & 0x7f) | 0x80;
    out += 1;
    rest >>>= 7;
  }
  target[out] = rest;
  return out + 1;
}
