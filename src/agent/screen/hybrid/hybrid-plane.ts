import { addDamage, alignOutwards, area, boundingRect, intersect, type Rect } from "../../../base/index.ts";
import type { RungBudget } from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { PictureEncoder } from "../../encode/encoder.ts";
import type { PictureSink, Plane } from "../plane.ts";
import { ActivityMap } from "./activity-map.ts";
import { CELL, CellGrid } from "./cell-grid.ts";
import { type Copy, findCopies } from "./find-copy.ts";
import { findMoves } from "./find-move.ts";
import { LossyMap } from "./lossy-map.ts";
import { SearchLuck } from "./search-luck.ts";
import { Shadow } from "./shadow.ts";
import { type TileBudget, tileBudget } from "./tile-budget.ts";
import { TilePayload } from "./tile-payload.ts";
import { VideoWindow } from "./video-window.ts";

/** Unchanged rows inside damage that are worth two tiles instead of one. */
const MIN_GAP_ROWS = 24;

/** Rectangles of video in one picture. */
const MAX_VIDEO_RECTS = 16;

const BYTES_PER_PIXEL = 4;

const NOTHING: Rect = { x: 0, y: 0, width: 0, height: 0 };

type Size = { readonly width: number; readonly height: number };

/**
 * The hybrid plane: what changes calmly goes out at once as lossless tiles, what moved as copies, and what keeps changing
 * and is too costly as tiles as video, drawn only inside its rectangles. When a region comes to rest, tiles make it exact.
 */
export class HybridPlane implements Plane {
  readonly width: number;
  readonly height: number;
  readonly sentPixels = { tiles: 0, coarse: 0, copies: 0, video: 0, refined: 0 };
  budget: TileBudget;
  readonly #encoder: PictureEncoder;
  readonly #grid: CellGrid;
  readonly #activity: ActivityMap;
  readonly #lossy: LossyMap;
  readonly #shadow: Shadow;
  readonly #payload = new TilePayload();
  readonly #scrolls = new SearchLuck();
  readonly #moves = new SearchLuck();
  readonly #window: VideoWindow;
  readonly #nowUs: () => number;
  /** What the encoder is open for; all of the source at first. */
  #opened: Rect;
  /** The video's decoders may have missed a picture: the next one must decode by itself. */
  #intraNeeded = true;

  /**
   * Borrows the encoder, which its owner closes. `size` is the source's. The encoder's may be smaller: its pictures are
   * then scaled up where they are drawn.
   */
  constructor(encoder: PictureEncoder, size: Size, budget: TileBudget, nowUs: () => number) {
    this.#encoder = encoder;
    this.width = size.width;
    this.height = size.height;
    this.budget = budget;
    this.#nowUs = nowUs;
    this.#grid = new CellGrid(this.width, this.height);
    this.#activity = new ActivityMap(this.#grid);
    this.#lossy = new LossyMap(this.#grid, this.#activity);
    this.#shadow = new Shadow(this.width, this.height);
    this.#window = new VideoWindow(size);
    this.#opened = this.#window.reset();
  }

  encode(
    buffer: PixelBuffer,
    rects: readonly Rect[],
    options: { keyframe: boolean; nowUs: number },
    sink: PictureSink,
  ): void {
    if (options.keyframe) this.#encodeKeyframe(buffer, sink);
    else this.#encodeChanges(buffer, rects, options.nowUs, sink);
  }

  setBudget(budget: RungBudget): void {
    this.budget = tileBudget(budget);
  }

  refineUs(): number {
    return this.#lossy.nextRestUs();
  }

  refine(buffer: PixelBuffer, nowUs: number, sink: PictureSink): void {
    const startUs = this.#nowUs();
    this.#payload.start();
    let left = this.budget.refineBytes;
    for (const rect of this.#lossy.rested(nowUs)) {
      let rest: Rect | undefined = rect;
      while (rest !== undefined && left > 0) {
        const { part, bytes } = this.#refineHead(buffer, rest, left);
        left -= bytes;
        const width: number = rest.width - part.width;
        rest = width > 0 ? { ...rest, x: rest.x + part.width, width } : undefined;
      }
      if (left <= 0) break;
    }
    this.#emitTiles(startUs, false, sink);
  }

  close(): void {}

  /** Makes the left end of a run of cells exact, as much of it as the bytes pay for, but at least a cell. */
  #refineHead(buffer: PixelBuffer, run: Rect, maxBytes: number): { part: Rect; bytes: number } {
    let part = this.#grid.head(run, this.#activity.cost(this.#grid.cellAt(run)), maxBytes);
    for (;;) {
      const limit = part.width > CELL ? maxBytes : Number.POSITIVE_INFINITY;
      const bytes = this.#payload.addLossless(buffer, part, limit);
      this.#activity.measureCost(part, bytes < 0 ? limit : bytes);
      if (bytes >= 0) {
        this.#lossy.clearInside(part);
        this.sentPixels.refined += area(part);
        return { part, bytes };
      }
      part = { ...part, width: Math.ceil(part.width / CELL / 2) * CELL };
    }
  }

  #encodeKeyframe(buffer: PixelBuffer, sink: PictureSink): void {
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    const startUs = this.#nowUs();
    this.#intraNeeded = true;
    this.#payload.start();
    const bytes = this.#payload.addLossless(buffer, whole, this.budget.calmBytes);
    if (bytes >= 0) {
      this.#emitTiles(startUs, true, sink);
      this.#madeExact(buffer, whole);
    } else if (this.#addCoarse(buffer, whole)) {
      this.#emitTiles(startUs, true, sink);
    } else {
      this.#encodeVideo(buffer, [whole], true, sink);
    }
  }

  #encodeChanges(buffer: PixelBuffer, rects: readonly Rect[], nowUs: number, sink: PictureSink): void {
    const startUs = this.#nowUs();
    this.#payload.start();
    const changed = rects.flatMap((rect) => this.#copyAndCompare(buffer, rect));
    for (const rect of changed) this.#activity.change(rect, nowUs);
    const { tiles, video } = this.#divide(changed);
    this.#dropCopiesUnder(this.#videoRects(video));
    const { sent, tooLarge } = this.#addTiles(buffer, tiles);
    // Copies take their pixels from the picture as it was, so they must be drawn before this call's video.
    this.#emitTiles(startUs, false, sink);
    // Nobody waits for this any more.
    for (const rect of sent) this.#madeExact(buffer, rect);
    const videoRects = this.#videoRects([...video, ...tooLarge]);
    if (videoRects.length > 0) this.#encodeVideo(buffer, videoRects, false, sink);
  }

  /** Plans the copies inside one damaged rectangle and returns what differs after them. */
  #copyAndCompare(buffer: PixelBuffer, rect: Rect): Rect[] {
    const changed = this.#shadow.changedParts(buffer, rect, MIN_GAP_ROWS);
    const rest: Rect[] = [];
    for (const part of changed) {
      const copies = this.#scrolls.try(part, (region) => findCopies(this.#shadow, buffer, region)) ?? [];
      for (const copy of copies) this.#addCopy(copy);
      if (copies.length === 0) rest.push(...this.#moveAndCompare(buffer, part));
      for (const band of bandsBetween(part, copies))
        rest.push(...this.#shadow.changedParts(buffer, band, MIN_GAP_ROWS));
    }
    return rest;
  }

  /** As `#copyAndCompare`, for what moved in any direction. */
  #moveAndCompare(buffer: PixelBuffer, part: Rect): Rect[] {
    const moves = this.#moves.try(part, (region) =>
      findMoves(this.#shadow, buffer, region, (copy) => this.#addCopy(copy)),
    );
    return (moves?.length ?? 0) > 0
      ? this.#grid.split(part).flatMap((piece) => this.#shadow.changedParts(buffer, piece, MIN_GAP_ROWS))
      : [part];
  }

  #addCopy(copy: Copy): void {
    this.#payload.addCopy(copy);
    this.#shadow.move(copy.from, copy.to);
    this.#lossy.move(copy.from, copy.to);
    this.sentPixels.copies += area(copy.to);
  }

  /** A film now and then has a part that moved; drawn over by the video of all of it, its copy is of no use. */
  #dropCopiesUnder(video: readonly Rect[]): void {
    const copies = this.#payload.rects;
    if (copies.length === 0) return;
    if (!copies.every((copy) => video.some((rect) => area(intersect(rect, copy) ?? NOTHING) === area(copy)))) return;
    this.#payload.start();
    this.#scrolls.inVain();
    this.#moves.inVain();
  }

  #divide(changed: readonly Rect[]): { tiles: Rect[]; video: Rect[] } {
    const tiles: Rect[] = [];
    const hot: Rect[] = [];
    let hotBytes = 0;
    for (const rect of changed) {
      for (const piece of this.#grid.partition(rect, (cell) => (this.#activity.isHot(cell) ? 1 : 0))) {
        if (piece.class === 0) tiles.push(piece.rect);
        else {
          hot.push(piece.rect);
          this.#grid.visit(piece.rect, (cell, pixels) => {
            hotBytes += this.#activity.cost(cell) * pixels;
          });
        }
      }
    }
    return hotBytes <= this.budget.hotBytes ? { tiles: [...tiles, ...hot], video: [] } : { tiles, video: hot };
  }

  /** Adds lossless tiles within the budget, and tells which rectangles fitted and which did not. */
  #addTiles(buffer: PixelBuffer, rects: readonly Rect[]): { sent: Rect[]; tooLarge: Rect[] } {
    let left = this.budget.calmBytes;
    const sent: Rect[] = [];
    const tooLarge: Rect[] = [];
    for (const rect of rects) {
      const bytes = this.#payload.addLossless(buffer, rect, left);
      if (bytes < 0) {
        this.#activity.measureCost(rect, left);
        if (!this.#addCoarse(buffer, rect)) tooLarge.push(rect);
        continue;
      }
      left -= bytes;
      this.#activity.measureCost(rect, bytes);
      sent.push(rect);
    }
    return { sent, tooLarge };
  }

  /** The viewers were sent every pixel of the rectangle. */
  #madeExact(buffer: PixelBuffer, rect: Rect): void {
    this.#shadow.update(buffer, rect);
    this.#lossy.clearInside(rect);
    this.sentPixels.tiles += area(rect);
  }

  /** Shows the rectangle in coarse tiles until it is refined. Returns false, having done nothing, when even they cost too much. */
  #addCoarse(buffer: PixelBuffer, rect: Rect): boolean {
    if (this.budget.coarseBytes === 0) return false;
    if (this.#payload.addCoarse(buffer, rect, this.budget.coarseBytes) < 0) return false;
    this.#shadow.update(buffer, rect);
    this.#activity.touch(rect, this.#nowUs());
    this.#lossy.mark(rect);
    this.sentPixels.coarse += area(rect);
    return true;
  }

  #videoRects(rects: readonly Rect[]): Rect[] {
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    const merged: Rect[] = [];
    for (const rect of rects) addDamage(merged, alignOutwards(rect, 2, whole) ?? rect, MAX_VIDEO_RECTS);
    return merged;
  }

  #encodeVideo(buffer: PixelBuffer, rects: readonly Rect[], keyframe: boolean, sink: PictureSink): void {
    const nowUs = this.#nowUs();
    this.#openWindow(keyframe ? this.#window.reset() : this.#window.fit(rects.reduce(boundingRect), nowUs));
    const intra = keyframe || this.#intraNeeded;
    const window = this.#opened;
    const { x, y } = window;
    const inside = rects.map((rect) => ({ ...rect, x: rect.x - x, y: rect.y - y }));
    const encoded = this.#encoder.encode(cropped(buffer, window), inside, { keyframe: intra, timestampUs: nowUs });
    for (const rect of rects) {
      this.#shadow.update(buffer, rect);
      this.#activity.touch(rect, nowUs);
      this.#lossy.mark(rect);
      this.sentPixels.video += area(rect);
    }
    this.#intraNeeded = this.#intraNeeded && !encoded.keyframe;
    sink({
      kind: this.#encoder.codec === "jpeg" ? "jpeg" : "video",
      keyframe,
      intra: encoded.keyframe,
      rects,
      window: isWhole(window, this) ? undefined : window,
      payload: encoded.data,
      convertUs: encoded.convertUs,
      encodeUs: encoded.encodeUs,
    });
  }

  /** An encoder that cannot follow encodes all of the source. */
  #openWindow(window: Rect): void {
    const { x, y, width, height } = this.#opened;
    if (window.x === x && window.y === y && window.width === width && window.height === height) return;
    if (window.width !== width || window.height !== height) {
      if (this.#encoder.resize?.(window) !== true) return;
    }
    this.#opened = window;
    // Predicted from another part of the source, nothing would be found again.
    this.#intraNeeded = true;
  }

  #emitTiles(startUs: number, keyframe: boolean, sink: PictureSink): void {
    const { rects, bytes } = this.#payload;
    if (rects.length === 0) return;
    const encodeUs = this.#nowUs() - startUs;
    sink({ kind: "tiles", keyframe, intra: false, rects, payload: bytes, convertUs: 0, encodeUs });
  }
}

function isWhole(rect: Rect, { width, height }: Size): boolean {
  return rect.width === width && rect.height === height;
}

/** A rectangle of the buffer, in the same memory. */
function cropped({ pixels, strideBytes }: PixelBuffer, { x, y, width, height }: Rect): PixelBuffer {
  return { pixels: pixels.subarray(y * strideBytes + x * BYTES_PER_PIXEL), strideBytes, width, height };
}

/** The rows of the rectangle that no copy covers, top to bottom; nothing where there are no copies. */
function bandsBetween({ x, y, width, height }: Rect, copies: readonly Copy[]): Rect[] {
  if (copies.length === 0) return [];
  const bands: Rect[] = [];
  let top = y;
  for (const { to } of copies.toSorted((a, b) => a.to.y - b.to.y)) {
    if (to.y > top) bands.push({ x, y: top, width, height: to.y - top });
    top = to.y + to.height;
  }
  if (y + height > top) bands.push({ x, y: top, width, height: y + height - top });
  return bands;
}
