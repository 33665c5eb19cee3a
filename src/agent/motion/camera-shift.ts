/** Pixels of the plane that a shaking camera may be off in each direction. */
const MAX_SHIFT = 4;
/** Differences above this are something that moves, not a shift, and weigh no more than this. */
const MAX_DIFFERENCE = 40;
/** Every n-th pixel of every n-th row is compared. */
const SAMPLE_STEP = 3;
/** A shift counts when it explains this much of the difference. */
const MIN_EXPLAINED = 0.25;
/** Shifts smaller than this change nothing. */
const MIN_SHIFT = 0.08;

type Size = { readonly width: number; readonly height: number };

/**
 * Finds by how much the whole picture lies beside the background, to a part of a pixel, and makes the background as the
 * shifted camera would have seen it.
 */
export class CameraShift {
  readonly #size: Size;
  readonly #costs = new Float64Array((2 * MAX_SHIFT + 1) ** 2);
  /** The background as seen by the shifted camera, after {@link find} returned true. */
  readonly shifted: Float32Array;
  dx = 0;
  dy = 0;

  constructor(size: Size) {
    this.#size = size;
    this.shifted = new Float32Array(size.width * size.height);
  }

  /** Returns whether the camera is off its place. */
  find(luma: Uint8Array, background: Float32Array): boolean {
    const { width, height } = this.#size;
    this.dx = 0;
    this.dy = 0;
    if (width < 8 * MAX_SHIFT || height < 8 * MAX_SHIFT) return false;
    const still = this.#measure(luma, background, 0, 0);
    // A camera that stands still is told by the nearest shifts alone.
    const best = Math.min(
      this.#measure(luma, background, -1, 0),
      this.#measure(luma, background, 1, 0),
      this.#measure(luma, background, 0, -1),
      this.#measure(luma, background, 0, 1),
    );
    if (best < still) this.#searchAll(luma, background);
    const wholeX = this.dx;
    const wholeY = this.dy;
    this.dx = wholeX + this.#vertex(wholeX, wholeY, 1, 0);
    this.dy = wholeY + this.#vertex(wholeX, wholeY, 0, 1);
    if (Math.abs(this.dx) < MIN_SHIFT && Math.abs(this.dy) < MIN_SHIFT) return false;
    this.#shift(background);
    const after = this.#cost(luma, this.shifted, 0, 0);
    return after < still * (1 - MIN_EXPLAINED);
  }

  /** Leaves the best whole shift in `dx` and `dy`. */
  #searchAll(luma: Uint8Array, background: Float32Array): void {
    let best = Number.POSITIVE_INFINITY;
    for (let dy = -MAX_SHIFT; dy <= MAX_SHIFT; dy += 1) {
      for (let dx = -MAX_SHIFT; dx <= MAX_SHIFT; dx += 1) {
        const cost = this.#measure(luma, background, dx, dy);
        if (cost >= best) continue;
        best = cost;
        this.dx = dx;
        this.dy = dy;
      }
    }
  }

  #measure(luma: Uint8Array, background: Float32Array, dx: number, dy: number): number {
    const cost = this.#cost(luma, background, dx, dy);
    this.#costs[this.#index(dx, dy)] = cost;
    return cost;
  }

  #index(dx: number, dy: number): number {
    return (dy + MAX_SHIFT) * (2 * MAX_SHIFT + 1) + dx + MAX_SHIFT;
  }

  /** Sum of limited differences between the picture and the background `dx`, `dy` further. */
  #cost(luma: Uint8Array, background: Float32Array, dx: number, dy: number): number {
    const { width, height } = this.#size;
    let sum = 0;
    for (let y = MAX_SHIFT; y < height - MAX_SHIFT; y += SAMPLE_STEP) {
      const row = y * width;
      const other = (y + dy) * width + dx;
      for (let x = MAX_SHIFT; x < width - MAX_SHIFT; x += SAMPLE_STEP) {
        const difference = Math.abs((luma[row + x] as number) - (background[other + x] as number));
        sum += Math.min(difference, MAX_DIFFERENCE);
      }
    }
    return sum;
  }

  /** Where between the neighbours of the best whole shift the cost is least: two lines, as sums of differences have. */
  #vertex(x: number, y: number, stepX: number, stepY: number): number {
    if (Math.abs(x * stepX + y * stepY) === MAX_SHIFT) return 0;
    const best = this.#costs[this.#index(x, y)] as number;
    const before = (this.#costs[this.#index(x - stepX, y - stepY)] as number) - best;
    const after = (this.#costs[this.#index(x + stepX, y + stepY)] as number) - best;
    const steeper = Math.max(before, after);
    return steeper === 0 ? 0 : (before - after) / (2 * steeper);
  }

  #shift(background: Float32Array): void {
    const { width, height } = this.#size;
    const left = Math.floor(this.dx);
    const up = Math.floor(this.dy);
    const partX = this.dx - left;
    const partY = this.dy - up;
    for (let y = 0; y < height; y += 1) {
      const first = inside(y + up, height) * width;
      const second = inside(y + up + 1, height) * width;
      for (let x = 0; x < width; x += 1) {
        const x0 = inside(x + left, width);
        const x1 = inside(x + left + 1, width);
        const a = background[first + x0] as number;
        const b = background[first + x1] as number;
        const c = background[second + x0] as number;
        const d = background[second + x1] as number;
        const top = a + (b - a) * partX;
        this.shifted[y * width + x] = top + (c + (d - c) * partX - top) * partY;
      }
    }
  }
}

function inside(index: number, length: number): number {
  return index < 0 ? 0 : index >= length ? length - 1 : index;
}
