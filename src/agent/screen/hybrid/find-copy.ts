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

/** Pixels of a row that its signature looks at, spread evenly. */
const SAMPLES = 96;

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
  const words = new Uint32Array(source.pixels.buffer, source.pixels.byteOffset, source.pixels.byteLength >> 2);
  const before = distinctRows(shadow.words, shadow.width, rect);
  const votes = new Map<number, number>();
  for (const [signature, y] of distinctRows(words, source.strideBytes >> 2, rect)) {
    const old = before.get(signature);
    if (old === undefined || old === y) continue;
    votes.set(y - old, (votes.get(y - old) ?? 0) + 1);
  }
  let best = 0;
  let most = MIN_VOTES - 1;
  for (const [distance, count] of votes) {
    if (count > most) {
      best = distance;
      most = count;
    }
  }
  return best;
}

/** Rows of the rectangle by signature, without those that share theirs with another row. */
function distinctRows(words: Uint32Array, stride: number, rect: Rect): Map<number, number> {
  const rows = new Map<number, number>();
  const shared = new Set<number>();
  const step = Math.max(1, Math.floor(rect.width / SAMPLES));
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    const start = y * stride + rect.x;
    let hash = 0x811c9dc5;
    for (let x = 0; x < rect.width; x += step) hash = Math.imul(hash ^ (words[start + x] as number), 0x01000193);
    hash ^= hash >>> 15;
    if (rows.has(hash)) shared.add(hash);
    else rows.set(hash, y);
  }
  for (const signature of shared) rows.delete(signature);
  return rows;
}
