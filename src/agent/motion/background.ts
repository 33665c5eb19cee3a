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

  /** The picture, which {@link measure} has seen, becomes the background. */
  adopt(luma: Uint8Array): void {
    for (let index = 0; index < this.levels.length; index += 1) this.levels[index] = luma[index] as number;
    this.levelMeans.set(this.nowMeans);
  }

  /** Fills {@link nowMeans}. */
  measure(luma: Uint8Array): void {
    const { columns, rows } = this.#grid;
    const width = this.#width;
    const means = this.nowMeans;
    for (let row = 0; row < rows; row += 1) {
      let index = row * width * CELL_EDGE;
      for (let cell = row * columns; cell < (row + 1) * columns; cell += 1) {
        const sum =
          sumOfFour(luma, index) +
          sumOfFour(luma, index + width) +
          sumOfFour(luma, index + 2 * width) +
          sumOfFour(luma, index + 3 * width);
        means[cell] = sum / (CELL_EDGE * CELL_EDGE);
        index += CELL_EDGE;
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
    for (let cell = 0; cell < this.levelMeans.length; cell += 1) this.levelMeans[cell] = this.#levelMean(cell);
  }

  /** Mean difference of each cell's pixels from `levels`, less `tolerance` of the slope at each pixel. */
  compare(luma: Uint8Array, levels: Float32Array, tolerance: number, changes: Float32Array): void {
    const { columns, rows } = this.#grid;
    const width = this.#width;
    for (let row = 0; row < rows; row += 1) {
      let index = row * width * CELL_EDGE;
      for (let cell = row * columns; cell < (row + 1) * columns; cell += 1) {
        const sum =
          tolerance === 0
            ? differenceOfFour(luma, levels, index) +
              differenceOfFour(luma, levels, index + width) +
              differenceOfFour(luma, levels, index + 2 * width) +
              differenceOfFour(luma, levels, index + 3 * width)
            : this.#beyond(luma, levels, index, tolerance);
        changes[cell] = sum / (CELL_EDGE * CELL_EDGE);
        index += CELL_EDGE;
      }
    }
  }

  /** Moves the background of one cell towards the picture by `share` of the difference. */
  learn(luma: Uint8Array, cell: number, share: number): void {
    let index = this.#firstPixel(cell);
    for (let y = 0; y < CELL_EDGE; y += 1) {
      for (let x = 0; x < CELL_EDGE; x += 1) {
        const level = this.levels[index + x] as number;
        this.levels[index + x] = level + ((luma[index + x] as number) - level) * share;
      }
      index += this.#width;
    }
    const mean = this.levelMeans[cell] as number;
    this.levelMeans[cell] = mean + ((this.nowMeans[cell] as number) - mean) * share;
  }

  #firstPixel(cell: number): number {
    const column = cell % this.#grid.columns;
    return (((cell - column) / this.#grid.columns) * this.#width + column) * CELL_EDGE;
  }

  #levelMean(cell: number): number {
    let index = this.#firstPixel(cell);
    let sum = 0;
    for (let y = 0; y < CELL_EDGE; y += 1) {
      for (let x = 0; x < CELL_EDGE; x += 1) sum += this.levels[index + x] as number;
      index += this.#width;
    }
    return sum / (CELL_EDGE * CELL_EDGE);
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

// A row of a cell, without a loop: these two see every pixel of every picture.
function sumOfFour(values: Uint8Array, index: number): number {
  return (
    (values[index] as number) +
    (values[index + 1] as number) +
    (values[index + 2] as number) +
    (values[index + 3] as number)
  );
}

function differenceOfFour(luma: Uint8Array, levels: Float32Array, index: number): number {
  return (
    Math.abs((luma[index] as number) - (levels[index] as number)) +
    Math.abs((luma[index + 1] as number) - (levels[index + 1] as number)) +
    Math.abs((luma[index + 2] as number) - (levels[index + 2] as number)) +
    Math.abs((luma[index + 3] as number) - (levels[index + 3] as number))
  );
}
