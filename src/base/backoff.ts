/** How long to wait before the next attempt: the first retry at once, then doubling with jitter up to a cap. */
export type BackoffOptions = {
  /** Delay of the second retry; the first comes after `firstMs`. */
  readonly baseMs: number;
  readonly capMs: number;
  /** Delay of the first retry; 0 by default. */
  readonly firstMs?: number;
  /** Uniform in [0, 1); passed in so that tests decide. */
  readonly random: () => number;
};

/** Counts attempts and gives the delay before each; `reset` after a success that lasted. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Attempts since the last reset. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The delay in ms before the next attempt: jittered between half and all of the doubled base. */
  nextDelayMs(): number {
    this.#attempt += 1;
    if (this.#attempt === 1) return this.#options.firstMs ?? 0;
    const ceiling = Math.min(this.#options.capMs, this.#options.baseMs * 2 ** Math.min(this.#attempt - 2, 30));
    return ceiling / 2 + (ceiling / 2) * this.#options.random();
  }

  reset(): void {
    this.#attempt = 0;
  }
}
