/** Count, median and tail of a set of measurements, in the unit of the measurements. */
export type Summary = {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
};

const EMPTY: Summary = { count: 0, p50: 0, p95: 0, p99: 0, max: 0 };

/** The last `capacity` measurements of one quantity. Adding allocates nothing; summarising sorts a copy. */
export class Measurements {
  readonly #values: Float64Array;
  #next = 0;
  #filled = 0;

  constructor(capacity = 256) {
    this.#values = new Float64Array(capacity);
  }

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    if (this.#filled < this.#values.length) this.#filled += 1;
  }

  clear(): void {
    this.#next = 0;
    this.#filled = 0;
  }

  summary(): Summary {
    return summarize(this.#values.subarray(0, this.#filled));
  }
}

/** Nearest-rank percentiles of `values`, which is left as it was. */
export function summarize(values: Float64Array | readonly number[]): Summary {
  if (values.length === 0) return EMPTY;
  const sorted = Float64Array.from(values).sort();
  const rank = (fraction: number): number => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] as number;
  return { count: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max: rank(1) };
}
