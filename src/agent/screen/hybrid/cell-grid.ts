import type { Rect } from "../../../base/index.ts";

/** Edge of the square cells in which activity and exactness of the picture are kept, in pixels. */
export const CELL = 64;

/** Width of the columns that `split` makes: four cells. */
const SPLIT = 4 * CELL;

/** A cell's index and the part of a rectangle that lies in it. */
export type CellVisitor = (cell: number, pixels: number) => void;

/** Divides a picture into cells, numbered row by row; those at the right and bottom edge may be smaller. */
export class CellGrid {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / CELL);
    this.rows = Math.ceil(height / CELL);
  }

  get count(): number {
    return this.columns * this.rows;
  }

  /** Calls `visit` for every cell that the rectangle touches, with the number of pixels they have in common. */
  visit(rect: Rect, visit: CellVisitor): void {
    const right = rect.x + rect.width;
    const bottom = rect.y + rect.height;
    for (let row = Math.floor(rect.y / CELL); row * CELL < bottom; row += 1) {
      const height = Math.min(bottom, (row + 1) * CELL) - Math.max(rect.y, row * CELL);
      for (let column = Math.floor(rect.x / CELL); column * CELL < right; column += 1) {
        const width = Math.min(right, (column + 1) * CELL) - Math.max(rect.x, column * CELL);
        visit(row * this.columns + column, width * height);
      }
    }
  }

  /** The cell of the rectangle's corner. */
  cellAt(rect: Rect): number {
    return Math.floor(rect.y / CELL) * this.columns + Math.floor(rect.x / CELL);
  }

  /** As many whole cells from the left of a run of them as `maxBytes` pay for at a price per pixel; one at least. */
  head(run: Rect, bytesPerPixel: number, maxBytes: number): Rect {
    const cells = Math.max(1, Math.floor(maxBytes / (Math.max(bytesPerPixel, 0.001) * CELL * run.height)));
    return { ...run, width: Math.min(run.width, cells * CELL) };
  }

  /**
   * Cuts `rect` along cell edges into pieces that lie wholly in cells of one class, as few as a greedy merge finds:
   * neighbours in a row are joined, then rows with the same cuts.
   */
  partition(rect: Rect, classOf: (cell: number) => number): Array<{ readonly rect: Rect; readonly class: number }> {
    const done: Array<{ rect: Rect; class: number }> = [];
    let open: Array<{ rect: Rect; class: number }> = [];
    const right = rect.x + rect.width;
    const bottom = rect.y + rect.height;
    for (let row = Math.floor(rect.y / CELL); row * CELL < bottom; row += 1) {
      const y = Math.max(rect.y, row * CELL);
      const height = Math.min(bottom, (row + 1) * CELL) - y;
      const runs = this.#runs(row, rect.x, right, y, height, classOf);
      const next: Array<{ rect: Rect; class: number }> = [];
      for (const run of runs) {
        const above = open.find((piece) => sameSpan(piece, run));
        if (above === undefined) next.push(run);
        else next.push({ rect: { ...above.rect, height: above.rect.height + height }, class: run.class });
      }
      done.push(...open.filter((piece) => !runs.some((run) => sameSpan(piece, run))));
      open = next;
    }
    done.push(...open);
    return done;
  }

  /** Cuts `rect` into columns of cells, so that an unchanged middle does not join what changed around it. */
  split({ x, y, width, height }: Rect): Rect[] {
    const columns: Rect[] = [];
    const right = x + width;
    for (let left = x; left < right; ) {
      const next = Math.min(right, (Math.floor(left / SPLIT) + 1) * SPLIT);
      columns.push({ x: left, y, width: next - left, height });
      left = next;
    }
    return columns;
  }

  #runs(
    row: number,
    left: number,
    right: number,
    y: number,
    height: number,
    classOf: (cell: number) => number,
  ): Array<{ rect: Rect; class: number }> {
    const runs: Array<{ rect: Rect; class: number }> = [];
    let start = left;
    let current = classOf(row * this.columns + Math.floor(left / CELL));
    for (let column = Math.floor(left / CELL) + 1; column * CELL < right; column += 1) {
      const next = classOf(row * this.columns + column);
      if (next === current) continue;
      runs.push({ rect: { x: start, y, width: column * CELL - start, height }, class: current });
      start = column * CELL;
      current = next;
    }
    runs.push({ rect: { x: start, y, width: right - start, height }, class: current });
    return runs;
  }
}

function sameSpan(a: { rect: Rect; class: number }, b: { rect: Rect; class: number }): boolean {
  return a.class === b.class && a.rect.x === b.rect.x && a.rect.width === b.rect.width;
}
