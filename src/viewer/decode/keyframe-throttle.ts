const MIN_INTERVAL_MS = 800;

/**
 * Asks for a keyframe at once, and again only after 0.8 s: a viewer that cannot keep up must not make the sender's
 * pictures larger still. A request inside the interval is sent at its end unless `settle` came first.
 */
export class KeyframeThrottle {
  readonly #request: () => void;
  readonly #nowMs: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(request: () => void, nowMs: () => number = () => performance.now()) {
    this.#request = request;
    this.#nowMs = nowMs;
  }

  request(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#lastMs + MIN_INTERVAL_MS - this.#nowMs();
    if (waitMs <= 0) this.#send();
    // Stays armed until a keyframe settles it: the first request may have been lost.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#send();
        this.request();
      },
      waitMs <= 0 ? MIN_INTERVAL_MS : waitMs,
    );
  }

  /** A keyframe came. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #send(): void {
    this.#lastMs = this.#nowMs();
    this.#request();
  }
}
