import { intersect, type Rect } from "../../../base/index.ts";
import type { ActivityMap } from "./activity-map.ts";
import { CELL, type CellGrid } from "./cell-grid.ts";

/** Which cells of the viewers' picture may differ from the source, because video drew there. */
export class LossyMap {
  readonly #grid: CellGrid;
  readonly #activity: ActivityMap;
  readonly #lossy: Uint8Array;
  #count = 0;

  constructor(grid: CellGrid, activity: ActivityMap) {
    this.#grid = grid;
    this.#activity = activity;
    this.#lossy = new Uint8Array(grid.count);
  }

  /** Cells that are not exact. */
  get count(): number {
    return this.#count;
  }

  /** Video drew in the rectangle. */
  mark(rect: Rect): void {
    this.#grid.visit(rect, (cell) => this.#set(cell, 1));
  }

  /** The rectangle became exact; cells that are only partly inside keep their state. */
  clearInside(rect: Rect): void {
    this.#grid.visit(rect, (cell, pixels) => {
      const own = this.#cellRect(cell);
      if (pixels === own.width * own.height) this.#set(cell, 0);
    });
  }

  /** The pixels of one rectangle were copied to another: what was lossy there is lossy here now. */
  move(from: Rect, to: Rect): void {
    if (this.#count === 0) return;
    const before = this.#lossy.slice();
    this.#grid.visit(to, (cell, pixels) => {
      const own = this.#cellRect(cell);
      const part = intersect(own, to);
      if (part === undefined) return;
      let lossy = 0;
      this.#grid.visit({ ...part, x: part.x + from.x - to.x, y: part.y + from.y - to.y }, (source) => {
        lossy |= before[source] as number;
      });
      if (lossy === 1) this.#set(cell, 1);
      else if (pixels === own.width * own.height) this.#set(cell, 0);
    });
  }

  /** When the first of the lossy cells will be at rest; Infinity when all are exact. */
  nextRestUs(): number {
    let next = Number.POSITIVE_INFINITY;
    if (this.#count === 0) return next;
    for (let cell = 0; cell < this.#lossy.length; cell += 1) {
      if (this.#lossy[cell] === 1) next = Math.min(next, this.#activity.restUs(cell));
    }
    return next;
  }

  /** The lossy cells at rest, neighbours in a row joined, what changed last first. */
  rested(nowUs: number): Rect[] {
    const runs: Array<{ rect: Rect; changedUs: number }> = [];
    for (let cell = 0; cell < this.#lossy.length; cell += 1) {
      if (this.#lossy[cell] === 0 || this.#activity.restUs(cell) > nowUs) continue;
      const rect = this.#cellRect(cell);
      const changedUs = this.#activity.changedUs(cell);
      const last = runs.at(-1);
      if (last !== undefined && last.rect.y === rect.y && last.rect.x + last.rect.width === rect.x) {
        last.rect = { ...last.rect, width: last.rect.width + rect.width };
        last.changedUs = Math.max(last.changedUs, changedUs);
      } else {
        runs.push({ rect, changedUs });
      }
    }
    return runs.sort((a, b) => b.changedUs - a.changedUs).map((run) => run.rect);
  }

  #set(cell: number, lossy: 0 | 1): void {
    this.#count += lossy - (this.#lossy[cell] as number);
    this.#lossy[cell] = lossy;
  }

  #cellRect(cell: number): Rect {
    const x = (cell % this.#grid.columns) * CELL;
    const y = Math.floor(cell / this.#grid.columns) * CELL;
    return { x, y, width: Math.min(CELL, this.#grid.width - x), height: Math.min(CELL, this.#grid.height - y) };
  }
}
