import type { Rect } from "../../../base/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { Shadow } from "./shadow.ts";

/** Smaller rectangles cost less as tiles than the search. */
const MIN_WIDTH = 64;
const MIN_HEIGHT = 64;

/** Rows in a row that must have moved together. */
const MIN_RUN = 8;

/** Distinct rows that must agree on the distance before it is checked pixel by pixel. */
const MIN_VOTES = 6;

/** Places of a row that its signature looks at, spread evenly, and pixels in a row at each: they share a line of cache. */
const SAMPLE_PLACES = 24;
const SAMPLE_RUN = 4;

/** Rows of the tallest rectangle that is searched. */
const MAX_ROWS = 8192;
const TABLE_SLOTS = 32_768;
const VACANT = -1;

// One search runs at a time and needs much memory for a moment, so it is kept.
const before = new Int32Array(MAX_ROWS);
const after = new Int32Array(MAX_ROWS);
const beforeRows = new Int16Array(TABLE_SLOTS);
const afterRows = new Int16Array(TABLE_SLOTS);
const votes = new Uint16Array(2 * MAX_ROWS);

/** A part of the picture that moved up or down: `to` now looks as `from` did. */
export type Copy = { readonly from: Rect; readonly to: Rect };

/**
 * Finds what scrolled up or down inside a rectangle, comparing the source with the shadow: rows that look distinct vote
 * for a distance, and every row of the winning distance is then compared whole. Returns runs of rows, top to bottom for
 * motion up and bottom to top for motion down, so that they can be moved one after the other in place.
 */
export function findCopies(shadow: Shadow, source: PixelBuffer, rect: Rect): Copy[] {
  if (rect.width < MIN_WIDTH || rect.height < MIN_HEIGHT) return [];
  const distance = voteForDistance(shadow, source, rect);
  if (distance === 0) return [];
  const copies: Copy[] = [];
  const first = Math.max(rect.y, rect.y + distance);
  const end = Math.min(rect.y + rect.height, rect.y + rect.height + distance);
  let start = -1;
  for (let y = first; y <= end; y += 1) {
    const moved = y < end && shadow.rowEquals(source, rect.x, y, rect.width, rect.x, y - distance);
    if (moved && start < 0) start = y;
    if (moved || start < 0) continue;
    if (y - start >= MIN_RUN) copies.push(copyOf(rect, start, y, distance));
    start = -1;
  }
  return distance > 0 ? copies.reverse() : copies;
}

function copyOf(rect: Rect, top: number, bottom: number, distance: number): Copy {
  const size = { x: rect.x, width: rect.width, height: bottom - top };
  return { from: { ...size, y: top - distance }, to: { ...size, y: top } };
}

/** How far most distinct rows moved down (up if negative); 0 when there is no clear answer. */
function voteForDistance(shadow: Shadow, source: PixelBuffer, rect: Rect): number {
  const { height } = rect;
  if (height > MAX_ROWS) return 0;
  const words = new Uint32Array(source.pixels.buffer, source.pixels.byteOffset, source.pixels.byteLength >> 2);
  signRows(shadow.words, shadow.width, rect, before);
  signRows(words, source.strideBytes >> 2, rect, after);
  indexRows(before, height, beforeRows);
  indexRows(after, height, afterRows);
  votes.fill(0, 0, 2 * height);
  let best = 0;
  let most = MIN_VOTES - 1;
  for (let row = 0; row < height; row += 1) {
    if (find(afterRows, after, after[row] as number) !== row) continue;
    const old = find(beforeRows, before, after[row] as number);
    if (old < 0 || old === row) continue;
    const count = (votes[row - old + height] as number) + 1;
    votes[row - old + height] = count;
    if (count > most) {
      most = count;
      best = row - old;
    }
  }
  return best;
}

/** A signature for every row of the rectangle, made from a few of its pixels. */
function signRows(words: Uint32Array, stride: number, rect: Rect, signatures: Int32Array): void {
  const step = Math.max(SAMPLE_RUN, Math.floor((rect.width - SAMPLE_RUN) / SAMPLE_PLACES));
  for (let row = 0; row < rect.height; row += 1) {
    const start = (rect.y + row) * stride + rect.x;
    const end = start + rect.width;
    let hash = 0x811c9dc5;
    for (let at = start; at + SAMPLE_RUN <= end; at += step) {
      for (let pixel = at; pixel < at + SAMPLE_RUN; pixel += 1) {
        hash = Math.imul(hash ^ (words[pixel] as number), 0x01000193);
      }
    }
    signatures[row] = hash ^ (hash >>> 15);
  }
}

/** Fills the hash table with the rows, by open addressing; a signature that several rows have gets no row. */
function indexRows(signatures: Int32Array, height: number, table: Int16Array): void {
  table.fill(VACANT);
  for (let row = 0; row < height; row += 1) {
    const signature = signatures[row] as number;
    let slot = signature & (TABLE_SLOTS - 1);
    for (;;) {
      const other = table[slot] as number;
      if (other === VACANT) {
        table[slot] = row;
        break;
      }
      const first = other < 0 ? -other - 2 : other;
      if (signatures[first] === signature) {
        // Kept as a negative number, so that a third row with this signature is found out, too.
        table[slot] = -first - 2;
        break;
      }
      slot = (slot + 1) & (TABLE_SLOTS - 1);
    }
  }
}

/** The only row with the signature, or a negative number. */
function find(table: Int16Array, signatures: Int32Array, signature: number): number {
  let slot = signature & (TABLE_SLOTS - 1);
  for (;;) {
    const row = table[slot] as number;
    if (row === VACANT) return VACANT;
    if (signatures[row < 0 ? -row - 2 : row] === signature) return row;
    slot = (slot + 1) & (TABLE_SLOTS - 1);
  }
}
