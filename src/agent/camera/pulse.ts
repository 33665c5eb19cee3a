const PICTURES = 0;
const NEWEST_US = 1;
const DISCARDED = 2;
const CELLS = 3;

/**
 * How the camera does, in memory that both threads see: the main thread reads it even when the camera's thread hangs in a
 * decoder or a driver, and nothing is posted for a picture that nobody watches.
 */
export class Pulse {
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  /** @param memory that of the other thread's pulse; new memory when left out */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  /** A picture came at this time of the monotonic clock. */
  picture(arrivedUs: number): void {
    Atomics.store(this.#cells, NEWEST_US, BigInt(Math.round(arrivedUs)));
    Atomics.add(this.#cells, PICTURES, 1n);
  }

  /** So many more pictures or bytes were left out. */
  discard(count: number): void {
    Atomics.add(this.#cells, DISCARDED, BigInt(count));
  }

  get pictures(): number {
    return Number(Atomics.load(this.#cells, PICTURES));
  }

  get discarded(): number {
    return Number(Atomics.load(this.#cells, DISCARDED));
  }

  /** When the newest picture came; undefined before the first. */
  get newestUs(): number | undefined {
    const us = Number(Atomics.load(this.#cells, NEWEST_US));
    return us === 0 ? undefined : us;
  }
}
