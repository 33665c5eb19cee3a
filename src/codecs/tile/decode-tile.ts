import { ProtocolError, type Rect } from "../../base/index.ts";
import {
  ABOVE_EXTENDED,
  OP_ABOVE,
  OP_DIFF,
  OP_LUMA,
  OP_RGB,
  OP_RUN,
  RUN_EXTENDED,
  TABLE_SIZE,
  tableIndex,
} from "./format.ts";

/** A picture of 32-bit pixels 0xAABBGGRR (bytes R G B A, as a canvas has them). */
export type CanvasPlane = { readonly pixels: Uint32Array; readonly strideWords: number };

const OPAQUE = 0xff000000;
const OPAQUE_BLACK = OPAQUE >>> 0;
const MAX_VARINT_SHIFT = 21;

const table = new Uint32Array(TABLE_SIZE);

/** Where the next operation is read; a module variable because returning two numbers would allocate. */
let cursor = 0;

/**
 * Decodes a tile into a rectangle of the plane; every pixel becomes opaque. The bytes must hold exactly the rectangle.
 * Throws {@link ProtocolError}; the rectangle may be partly written then.
 */
export function decodeTile(bytes: Uint8Array, plane: CanvasPlane, rect: Rect): void {
  const { pixels, strideWords } = plane;
  const toNextRow = strideWords - rect.width;
  table.fill(OPAQUE_BLACK);
  cursor = 0;
  let previous = OPAQUE_BLACK;
  let row = 0;
  let at = rect.y * strideWords + rect.x;
  let end = at + rect.width;
  while (row < rect.height) {
    const operation = readByte(bytes);
    const isRun = operation >= OP_RUN && operation !== OP_RGB;
    let count = isRun ? readRunLength(bytes, operation) : 1;
    const isAbove = isRun && operation >= OP_ABOVE;
    if (isAbove && row === 0) throw new ProtocolError("malformed", "A tile repeats the row above its first row.");
    if (!isRun) {
      previous = readColour(bytes, operation, previous);
      pixels[at] = previous;
      at += 1;
      count = 0;
      if (at === end) {
        row += 1;
        at += toNextRow;
        end = at + rect.width;
      }
    }
    while (count > 0) {
      if (row === rect.height) throw new ProtocolError("malformed", "A run of a tile goes past its last pixel.");
      const part = Math.min(count, end - at);
      if (isAbove) pixels.copyWithin(at, at - strideWords, at - strideWords + part);
      else pixels.fill(previous, at, at + part);
      at += part;
      count -= part;
      previous = pixels[at - 1] as number;
      if (at === end) {
        row += 1;
        at += toNextRow;
        end = at + rect.width;
      }
    }
  }
  const left = bytes.length - cursor;
  if (left !== 0) throw new ProtocolError("malformed", `A tile has ${left} bytes after its last pixel.`);
}

function readByte(bytes: Uint8Array): number {
  const byte = bytes[cursor];
  if (byte === undefined) throw new ProtocolError("truncated", `A tile of ${bytes.length} bytes ends too early.`);
  cursor += 1;
  return byte;
}

function readRunLength(bytes: Uint8Array, operation: number): number {
  const extended = operation >= OP_ABOVE ? ABOVE_EXTENDED : RUN_EXTENDED;
  const short = operation & 0x1f;
  if (short !== extended) return short + 1;
  let length = extended + 1;
  for (let shift = 0; shift <= MAX_VARINT_SHIFT; shift += 7) {
    const byte = readByte(bytes);
    length += (byte & 0x7f) << shift;
    if (byte <= 0x7f) return length;
  }
  throw new ProtocolError("malformed", "The length of a run of a tile has too many bytes.");
}

function readColour(bytes: Uint8Array, operation: number, previous: number): number {
  if (operation < OP_DIFF) return table[operation] as number;
  let red = previous & 0xff;
  let green = (previous >>> 8) & 0xff;
  let blue = (previous >>> 16) & 0xff;
  if (operation < OP_LUMA) {
    red += ((operation >> 4) & 3) - 2;
    green += ((operation >> 2) & 3) - 2;
    blue += (operation & 3) - 2;
  } else if (operation < OP_RUN) {
    const second = readByte(bytes);
    const change = (operation & 0x3f) - 32;
    green += change;
    red += change + (second >> 4) - 8;
    blue += change + (second & 0xf) - 8;
  } else {
    red = readByte(bytes);
    green = readByte(bytes);
    blue = readByte(bytes);
  }
  red &= 0xff;
  green &= 0xff;
  blue &= 0xff;
  const colour = (OPAQUE | (blue << 16) | (green << 8) | red) >>> 0;
  table[tableIndex((red << 16) | (green << 8) | blue)] = colour;
  return colour;
}
