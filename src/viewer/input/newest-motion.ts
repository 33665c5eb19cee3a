const MIN_INTERVAL_MS = 4;

/**
 * Sends the newest of many motions: the first at once, then at most one every 4 ms, the last one always. What is sent
 * for buttons passes through `flushBefore`, so that order is kept.
 */
export class NewestMotion<T> {
  readonly #send: (motion: T) => void;
  readonly #nowMs: () => number;
  #pending: { readonly motion: T } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(send: (motion: T) => void, nowMs: () => number = () => performance.now()) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  offer(motion: T): void {
    const waitMs = this.#lastMs + MIN_INTERVAL_MS - this.#nowMs();
    if (waitMs <= 0) {
      this.drop();
      this.#lastMs = this.#nowMs();
      this.#send(motion);
      return;
    }
    this.#pending = { motion };
    this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  /** Forgets a waiting motion: a newer message contains its position. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = undefined;
  }

  #flush(): void {
    const pending = this.#pending;
    this.drop();
    if (pending === undefined) return;
    this.#lastMs = this.#nowMs();
    this.#send(pending.motion);
  }
}
