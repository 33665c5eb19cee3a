import { CELL_EDGE } from "./motion-plane.ts";

type Grid = { readonly columns: number; readonly rows: number };

/** What the picture looks like without movement, one value a pixel, and the passes over it. */
export class Background {
  readonly #grid: Grid;
  readonly #width: number;
  readonly levels: Float32Array;
  /** Mean brightness of each cell: of the picture, and of the background. */
  readonly nowMeans: Float32Array;
  readonly levelMeans: Float32Array;

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#width = grid.columns * CELL_EDGE;
    this.levels = new Float32Array(this.#width * grid.rows * CELL_EDGE);
    this.nowMeans = new Float32Array(grid.columns * grid.rows);
    this.levelMeans = new Float32Array(grid.columns * grid.rows);
  }

  /** The picture becomes the background. */
  adopt(luma: Uint8Array): void {
    for (let index = 0; index < this.levels.length; index += 1) this.levels[index] = luma[index] as number;
  }

  /** Fills {@link nowMeans} and {@link levelMeans}. */
  measure(luma: Uint8Array): void {
    const { columns, rows } = this.#grid;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        let now = 0;
        let level = 0;
        let index = (row * this.#width + column) * CELL_EDGE;
        for (let y = 0; y < CELL_EDGE; y += 1) {
          for (let x = 0; x < CELL_EDGE; x += 1) {
            now += luma[index + x] as number;
            level += this.levels[index + x] as number;
          }
          index += this.#width;
        }
        const cell = row * columns + column;
        this.nowMeans[cell] = now / (CELL_EDGE * CELL_EDGE);
        this.levelMeans[cell] = level / (CELL_EDGE * CELL_EDGE);
      }
    }
  }

  /** Brings the background into the light of now: `expected` says what becomes of each level. */
  relight(expected: Float32Array): void {
    for (let index = 0; index < this.levels.length; index += 1) {
      const level = this.levels[index] as number;
      const whole = level | 0;
      const below = expected[whole] as number;
      this.levels[index] = below + ((expected[whole + 1] as number) - below) * (level - whole);
    }
  }

  /** Mean difference of each cell's pixels from `levels`, less `tolerance` of the slope at each pixel. */
  compare(luma: Uint8Array, levels: Float32Array, tolerance: number, changes: Float32Array): void {
    const { columns, rows } = this.#grid;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const start = (row * this.#width + column) * CELL_EDGE;
        const sum =
          tolerance === 0 ? this.#difference(luma, levels, start) : this.#beyond(luma, levels, start, tolerance);
        changes[row * columns + column] = sum / (CELL_EDGE * CELL_EDGE);
      }
    }
  }

  /** Moves the background of one cell towards the picture by `share` of the difference. */
  learn(luma: Uint8Array, cell: number, share: number): void {
    const column = cell % this.#grid.columns;
    let index = (((cell - column) / this.#grid.columns) * this.#width + column) * CELL_EDGE;
    for (let y = 0; y < CELL_EDGE; y += 1) {
      for (let x = 0; x < CELL_EDGE; x += 1) {
        const level = this.levels[index + x] as number;
        this.levels[index + x] = level + ((luma[index + x] as number) - level) * share;
      }
      index += this.#width;
    }
  }

  #difference(luma: Uint8Array, levels: Float32Array, start: number): number {
    let sum = 0;
    let index = start;
    for (let y = 0; y < CELL_EDGE; y += 1) {
      for (let x = 0; x < CELL_EDGE; x += 1) {
        const off = (luma[index + x] as number) - (levels[index + x] as number);
        sum += off < 0 ? -off : off;
      }
      index += this.#width;
    }
    return sum;
  }

  #beyond(luma: Uint8Array, levels: Float32Array, start: number, tolerance: number): number {
    const last = levels.length - this.#width - 1;
    let sum = 0;
    for (let y = 0; y < CELL_EDGE; y += 1) {
      for (let x = 0; x < CELL_EDGE; x += 1) {
        const index = start + y * this.#width + x;
        const off = Math.abs((luma[index] as number) - (levels[index] as number));
        const from = Math.min(Math.max(index, this.#width + 1), last);
        const across = Math.abs((levels[from + 1] as number) - (levels[from - 1] as number));
        const along = Math.abs((levels[from + this.#width] as number) - (levels[from - this.#width] as number));
        const beyond = off - tolerance * (across + along) * 0.5;
        if (beyond > 0) sum += beyond;
      }
    }
    return sum;
  }
}
