import type { Performance } from "../../protocol/index.ts";

/** Viewers hear of a rung's performance at most this often, and only when there is something new. */
const PUSH_INTERVAL_MS = 900;

/** The newest measurements of a rung, passed on at a bounded rate. */
export class PerformanceFeed {
  readonly #push: (performance: Performance) => void;
  #latest: Performance | undefined;
  #pushedMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(push: (performance: Performance) => void) {
    this.#push = push;
  }

  get latest(): Performance | undefined {
    return this.#latest;
  }

  update(performance: Performance): void {
    this.#latest = performance;
    if (this.#timer !== undefined) return;
    const waitMs = this.#pushedMs + PUSH_INTERVAL_MS - globalThis.performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  /** The measurements are no longer true. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#latest = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    this.#pushedMs = performance.now();
    if (this.#latest !== undefined) this.#push(this.#latest);
  }
}
