import { area, type Rect } from "../../../base/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { Copy } from "./find-copy.ts";
import type { Shadow } from "./shadow.ts";

/** Smaller regions cost less as tiles than the search, and a larger one takes longer to search than to encode. */
const MIN_PIXELS = 96 * 96;
const MAX_PIXELS = 1 << 20;

/** What moved must be at least this large to be worth a copy. */
const MIN_COPY_PIXELS = 48 * 48;

/** Copies out of one region. */
const MAX_COPIES = 4;

/** Anchors: short runs of pixels with some detail, on a grid, by which a moved region is recognised. */
const RUN = 16;
const MIN_EDGES = 3;
const GRID_COLUMNS = 10;
const GRID_ROWS = 12;

/** Anchors that must agree on a vector before it is followed. */
const MIN_VOTES = 3;

const FACTOR = 0x01000193;
const FACTOR_TO_THE_RUN = powerOf(FACTOR, RUN);
const FILTER_SHIFT = 20;

/** One bit of a hash that no anchor has rules a place out at once; one search runs at a time. */
const filter = new Uint8Array(1 << (32 - FILTER_SHIFT));

type Anchor = { readonly x: number; readonly y: number };
type Vector = { readonly dx: number; readonly dy: number };

/**
 * Finds what moved in any direction inside a rectangle, as a dragged window does: anchors of the source are looked for at
 * every place of the shadow, the vector that most agree on is followed, and around each anchor the copy is grown as far
 * as every pixel agrees. `take` must apply each copy to the shadow before it returns; the next one is then found in that.
 * Returns all of them.
 */
export function findMoves(shadow: Shadow, source: PixelBuffer, rect: Rect, take: (copy: Copy) => void): Copy[] {
  const pixels = area(rect);
  if (pixels < MIN_PIXELS || pixels > MAX_PIXELS || rect.width <= 2 * RUN) return [];
  const words = new Uint32Array(source.pixels.buffer, source.pixels.byteOffset, source.pixels.byteLength >> 2);
  const plane = { words, stride: source.strideBytes >> 2 };
  const anchors = findAnchors(plane, shadow, rect);
  const vector = anchors.size < MIN_VOTES ? undefined : voteForVector(shadow, rect, anchors);
  if (vector === undefined) return [];
  const taken: Copy[] = [];
  for (const anchor of anchors.values()) {
    if (taken.length === MAX_COPIES) break;
    if (taken.some((copy) => contains(copy.to, anchor))) continue;
    const to = grow(shadow, source, plane, rect, anchor, vector);
    if (to === undefined || area(to) < MIN_COPY_PIXELS) continue;
    const copy = { from: { ...to, x: to.x - vector.dx, y: to.y - vector.dy }, to };
    take(copy);
    taken.push(copy);
  }
  return taken;
}

type Plane = { readonly words: Uint32Array; readonly stride: number };

/** Anchors by the hash of their run; hashes that occur twice are left out. */
function findAnchors({ words, stride }: Plane, shadow: Shadow, rect: Rect): Map<number, Anchor> {
  const anchors = new Map<number, Anchor>();
  const repeated = new Set<number>();
  const stepX = Math.max(RUN, Math.floor(rect.width / GRID_COLUMNS));
  const stepY = Math.max(1, Math.floor(rect.height / GRID_ROWS));
  for (let y = rect.y + (stepY >> 1); y < rect.y + rect.height; y += stepY) {
    for (let x = rect.x + (RUN >> 1); x + RUN <= rect.x + rect.width; x += stepX) {
      const at = y * stride + x;
      if (countEdges(words, at) < MIN_EDGES || words[at] === shadow.words[y * shadow.width + x]) continue;
      const hash = hashRun(words, at);
      if (anchors.has(hash)) repeated.add(hash);
      else anchors.set(hash, { x, y });
    }
  }
  for (const hash of repeated) anchors.delete(hash);
  return anchors;
}

/** Looks for the anchors at every place of the shadow inside the rectangle, with a rolling hash. */
function voteForVector(shadow: Shadow, rect: Rect, anchors: ReadonlyMap<number, Anchor>): Vector | undefined {
  filter.fill(0);
  for (const hash of anchors.keys()) filter[hash >>> FILTER_SHIFT] = 1;
  const votes = new Map<number, number>();
  let best: number | undefined;
  let most = MIN_VOTES - 1;
  const { words, width: stride } = shadow;
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    const start = y * stride + rect.x;
    const end = start + rect.width;
    let hash = 0;
    for (let at = start; at < end; at += 1) {
      hash = (Math.imul(hash, FACTOR) + (words[at] as number)) | 0;
      if (at >= start + RUN) hash = (hash - Math.imul(words[at - RUN] as number, FACTOR_TO_THE_RUN)) | 0;
      if (filter[hash >>> FILTER_SHIFT] === 0 || at < start + RUN - 1) continue;
      const anchor = anchors.get(hash);
      if (anchor === undefined) continue;
      const key = keyOf(anchor.x - (at - RUN + 1 - y * stride), anchor.y - y);
      const count = (votes.get(key) ?? 0) + 1;
      votes.set(key, count);
      if (count > most && key !== keyOf(0, 0)) {
        most = count;
        best = key;
      }
    }
  }
  return best === undefined ? undefined : vectorOf(best);
}

/** The rectangle around the anchor whose every pixel is that of the shadow at the vector's start: its row first, then rows. */
function grow(
  shadow: Shadow,
  source: PixelBuffer,
  { words, stride }: Plane,
  rect: Rect,
  anchor: Anchor,
  { dx, dy }: Vector,
): Rect | undefined {
  const left = Math.max(rect.x, dx);
  const right = Math.min(rect.x + rect.width, shadow.width + dx);
  const top = Math.max(rect.y, dy);
  const bottom = Math.min(rect.y + rect.height, shadow.height + dy);
  const here = anchor.y * stride;
  const there = (anchor.y - dy) * shadow.width - dx;
  const agrees = (x: number): boolean => ((words[here + x] as number) ^ (shadow.words[there + x] as number)) === 0;
  if (anchor.x < left || anchor.x >= right || anchor.y < top || anchor.y >= bottom || !agrees(anchor.x))
    return undefined;
  let x = anchor.x;
  while (x > left && agrees(x - 1)) x -= 1;
  let end = anchor.x + 1;
  while (end < right && agrees(end)) end += 1;
  const width = end - x;
  const rowAgrees = (y: number): boolean => shadow.rowEquals(source, x, y, width, x - dx, y - dy);
  let y = anchor.y;
  while (y > top && rowAgrees(y - 1)) y -= 1;
  let endY = anchor.y + 1;
  while (endY < bottom && rowAgrees(endY)) endY += 1;
  return { x, y, width, height: endY - y };
}

function countEdges(words: Uint32Array, at: number): number {
  let edges = 0;
  for (let offset = 1; offset < RUN; offset += 1) if (words[at + offset] !== words[at + offset - 1]) edges += 1;
  return edges;
}

/** The rolling hash of a run, as `voteForVector` has it at the run's last pixel. */
function hashRun(words: Uint32Array, at: number): number {
  let hash = 0;
  for (let offset = 0; offset < RUN; offset += 1) hash = (Math.imul(hash, FACTOR) + (words[at + offset] as number)) | 0;
  return hash;
}

function powerOf(factor: number, exponent: number): number {
  let power = 1;
  for (let step = 0; step < exponent; step += 1) power = Math.imul(power, factor);
  return power;
}

const KEY_STEP = 1 << 16;

function keyOf(dx: number, dy: number): number {
  return (dy + KEY_STEP / 2) * KEY_STEP + dx + KEY_STEP / 2;
}

function vectorOf(key: number): Vector {
  return { dx: (key % KEY_STEP) - KEY_STEP / 2, dy: Math.floor(key / KEY_STEP) - KEY_STEP / 2 };
}

function contains({ x, y, width, height }: Rect, anchor: Anchor): boolean {
  return anchor.x >= x && anchor.x < x + width && anchor.y >= y && anchor.y < y + height;
}
