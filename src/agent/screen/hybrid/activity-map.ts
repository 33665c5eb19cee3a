import type { Rect } from "../../../base/index.ts";
import type { CellGrid } from "./cell-grid.ts";

/** A cell whose changes are farther apart than this is calm again. */
const CALM_AFTER_US = 250_000;

/** Changes in a row, none farther apart than that, that make a cell hot: three frames of a video, not a click. */
const HOT_STREAK = 3;

/** A change of less than this many pixels of a cell, such as a typed character, never heats it. */
const MIN_CHANGED_PIXELS = 512;

/** A region rests when nothing changed for a little longer than its last interval, within these bounds. */
const MIN_REST_US = 50_000;
const MAX_REST_US = 110_000;
const REST_FACTOR = 1.3;

/** A change after a calm time, such as a picture that was opened, is most likely the only one. */
const ALONE_REST_US = 30_000;

/** Bytes per pixel of a lossless tile of a cell that was never encoded: a page of text. */
const FIRST_COST = 0.15;

/**
 * What each cell of a source has been doing: when it changed, whether it keeps changing (hot), and what its pixels cost
 * as lossless tiles. Times are microseconds of the agent's clock.
 */
export class ActivityMap {
  readonly #grid: CellGrid;
  readonly #changedUs: Float64Array;
  readonly #intervalUs: Float64Array;
  readonly #streak: Uint8Array;
  readonly #cost: Float32Array;

  constructor(grid: CellGrid) {
    this.#grid = grid;
    this.#changedUs = new Float64Array(grid.count).fill(Number.NEGATIVE_INFINITY);
    this.#intervalUs = new Float64Array(grid.count);
    this.#streak = new Uint8Array(grid.count);
    this.#cost = new Float32Array(grid.count).fill(FIRST_COST);
  }

  /** The rectangle changed. */
  change(rect: Rect, nowUs: number): void {
    this.#grid.visit(rect, (cell, pixels) => {
      const interval = nowUs - (this.#changedUs[cell] as number);
      if (interval > CALM_AFTER_US) this.#streak[cell] = 0;
      if (pixels >= MIN_CHANGED_PIXELS && (this.#streak[cell] as number) < 255)
        this.#streak[cell] = (this.#streak[cell] as number) + 1;
      this.#intervalUs[cell] = interval;
      this.#changedUs[cell] = nowUs;
    });
  }

  /** The rectangle was drawn over without having changed: its rest starts anew. */
  touch(rect: Rect, nowUs: number): void {
    this.#grid.visit(rect, (cell) => {
      this.#changedUs[cell] = Math.max(this.#changedUs[cell] as number, nowUs);
    });
  }

  /** A lossless encoding of the rectangle took so many bytes. */
  measureCost(rect: Rect, bytes: number): void {
    const cost = bytes / (rect.width * rect.height);
    this.#grid.visit(rect, (cell) => {
      this.#cost[cell] = cost;
    });
  }

  /** Expected bytes per pixel of a lossless tile. */
  cost(cell: number): number {
    return this.#cost[cell] as number;
  }

  isHot(cell: number): boolean {
    return (this.#streak[cell] as number) >= HOT_STREAK;
  }

  changedUs(cell: number): number {
    return this.#changedUs[cell] as number;
  }

  /** When the cell counts as at rest, if it does not change until then. */
  restUs(cell: number): number {
    const interval = this.#intervalUs[cell] as number;
    const wait =
      interval > CALM_AFTER_US ? ALONE_REST_US : Math.min(MAX_REST_US, Math.max(MIN_REST_US, interval * REST_FACTOR));
    return (this.#changedUs[cell] as number) + wait;
  }
}
