/** What can go wrong between two ends of a tube before data flows. */
export type FailureKind = "ice" | "turn" | "authentication" | "data-channel" | "signalling" | "timeout";

/** Failures of one kind in a row that open a breaker: what fixes itself is tried more often than what does not. */
export const FAILURE_THRESHOLDS: Readonly<Record<FailureKind, number>> = {
  ice: 2,
  turn: 4,
  authentication: 2,
  "data-channel": 4,
  signalling: 5,
  timeout: 4,
};

/** Trials that may run at once while a breaker is half open. */
const MAX_TRIALS = 1;

/** Successes in a row that close a half-open breaker. */
const SUCCESSES_TO_CLOSE = 1;

/**
 * Keeps from trying again and again what does not work. Closed: everything may be tried. After too many failures of one
 * kind in a row it opens: nothing is tried for `openMs`. Then it is half open: one trial at a time, and its success
 * closes, its failure opens it again.
 */
export class CircuitBreaker {
  readonly #nowMs: () => number;
  readonly #openMs: number;
  readonly #failures = new Map<FailureKind, number>();
  #state: "closed" | "open" | "half-open" = "closed";
  #openedMs = 0;
  #trials = 0;
  #successes = 0;
  #openings = 0;

  constructor(options: { readonly nowMs: () => number; readonly openMs: number }) {
    this.#nowMs = options.nowMs;
    this.#openMs = options.openMs;
  }

  get state(): "closed" | "open" | "half-open" {
    return this.#state;
  }

  /** How often it has opened. */
  get openings(): number {
    return this.#openings;
  }

  /** Milliseconds until the next attempt is allowed; 0 when one is allowed now. */
  get retryAfterMs(): number {
    if (this.#state !== "open") return 0;
    return Math.max(0, this.#openedMs + this.#openMs - this.#nowMs());
  }

  /** Whether an attempt may begin now; the caller then reports its `success` or `failure`. */
  tryAcquire(): boolean {
    if (this.#state === "open" && this.retryAfterMs === 0) {
      this.#state = "half-open";
      this.#trials = 0;
      this.#successes = 0;
    }
    if (this.#state === "closed") return true;
    if (this.#state === "open" || this.#trials >= MAX_TRIALS) return false;
    this.#trials += 1;
    return true;
  }

  success(): void {
    this.#failures.clear();
    if (this.#state !== "half-open") return;
    this.#trials -= 1;
    this.#successes += 1;
    if (this.#successes >= SUCCESSES_TO_CLOSE) this.#state = "closed";
  }

  failure(kind: FailureKind): void {
    const count = (this.#failures.get(kind) ?? 0) + 1;
    this.#failures.set(kind, count);
    if (this.#state === "half-open" || (this.#state === "closed" && count >= FAILURE_THRESHOLDS[kind])) this.#open();
  }

  #open(): void {
    this.#state = "open";
    this.#openedMs = this.#nowMs();
    this.#openings += 1;
    this.#failures.clear();
  }
}
