import type { MotionBox } from "../../protocol/index.ts";

/** Boxes that are told apart; the smallest regions beyond are counted in the area only. */
const MAX_REGIONS = 32;

/** A box in cells; right and bottom are outside of it. */
export type CellBox = { left: number; top: number; right: number; bottom: number };

/** Finds connected groups among the moving cells and leaves out those too small to be more than specks. */
export class MovingRegions {
  readonly #columns: number;
  readonly #rows: number;
  readonly #stack: Int32Array;
  readonly #members: Int32Array;
  readonly #boxes: CellBox[] = [];
  #count = 0;
  /** Cells of all regions that were kept. */
  cells = 0;

  constructor(grid: { readonly columns: number; readonly rows: number }) {
    this.#columns = grid.columns;
    this.#rows = grid.rows;
    this.#stack = new Int32Array(grid.columns * grid.rows);
    this.#members = new Int32Array(grid.columns * grid.rows);
    for (let index = 0; index < MAX_REGIONS; index += 1) this.#boxes.push({ left: 0, top: 0, right: 0, bottom: 0 });
  }

  /** `moving` has 1 in moving cells; those of regions smaller than `minCells` become 0, the others 2. */
  find(moving: Uint8Array, minCells: number): void {
    this.#count = 0;
    this.cells = 0;
    for (let cell = 0; cell < moving.length; cell += 1) {
      if (moving[cell] !== 1) continue;
      const count = this.#collect(moving, cell);
      const kept = count >= minCells;
      if (kept) {
        this.cells += count;
        if (this.#count < MAX_REGIONS) this.#box(count, this.#boxes[this.#count++] as CellBox);
      } else {
        for (let index = 0; index < count; index += 1) moving[this.#members[index] as number] = 0;
      }
    }
  }

  /** Grows `box` around all regions. */
  extend(box: CellBox): void {
    for (let index = 0; index < this.#count; index += 1) {
      const region = this.#boxes[index] as CellBox;
      box.left = Math.min(box.left, region.left);
      box.top = Math.min(box.top, region.top);
      box.right = Math.max(box.right, region.right);
      box.bottom = Math.max(box.bottom, region.bottom);
    }
  }

  /** The regions' boxes in shares of the picture. */
  boxes(): MotionBox[] {
    return this.#boxes.slice(0, this.#count).map((box) => shareOf(box, { columns: this.#columns, rows: this.#rows }));
  }

  /** Marks the region around `start` with 2 and lists its cells; returns how many. */
  #collect(moving: Uint8Array, start: number): number {
    let waiting = 1;
    let count = 0;
    this.#stack[0] = start;
    moving[start] = 2;
    while (waiting > 0) {
      const cell = this.#stack[--waiting] as number;
      this.#members[count++] = cell;
      const column = cell % this.#columns;
      const row = (cell - column) / this.#columns;
      for (let y = Math.max(0, row - 1); y <= Math.min(this.#rows - 1, row + 1); y += 1) {
        for (let x = Math.max(0, column - 1); x <= Math.min(this.#columns - 1, column + 1); x += 1) {
          const neighbour = y * this.#columns + x;
          if (moving[neighbour] !== 1) continue;
          moving[neighbour] = 2;
          this.#stack[waiting++] = neighbour;
        }
      }
    }
    return count;
  }

  #box(count: number, box: CellBox): void {
    box.left = this.#columns;
    box.top = this.#rows;
    box.right = 0;
    box.bottom = 0;
    for (let index = 0; index < count; index += 1) {
      const cell = this.#members[index] as number;
      const column = cell % this.#columns;
      const row = (cell - column) / this.#columns;
      box.left = Math.min(box.left, column);
      box.top = Math.min(box.top, row);
      box.right = Math.max(box.right, column + 1);
      box.bottom = Math.max(box.bottom, row + 1);
    }
  }
}

/** A box of cells as the shares of the picture that it covers. */
export function shareOf(box: CellBox, grid: { readonly columns: number; readonly rows: number }): MotionBox {
  return {
    x: box.left / grid.columns,
    y: box.top / grid.rows,
    width: (box.right - box.left) / grid.columns,
    height: (box.bottom - box.top) / grid.rows,
  };
}
