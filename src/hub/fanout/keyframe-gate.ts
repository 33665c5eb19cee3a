import type { Closable } from "../../base/index.ts";

/** At most one request per rung in this time, and none this soon after a keyframe. */
export const KEYFRAME_INTERVAL_MS = 250;

/** A request that brought no keyframe is repeated after this long, in case the agent let it go. */
export const KEYFRAME_REPEAT_MS = 500;

/** Turns any number of wishes for a keyframe into few requests. */
export class KeyframeGate implements Closable {
  readonly #request: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #earliestMs = Number.NEGATIVE_INFINITY;
  #asked = false;

  /** `request` asks the agent. */
  constructor(request: () => void) {
    this.#request = request;
  }

  /** A keyframe has been asked for and has not come yet. */
  get asked(): boolean {
    return this.#asked;
  }

  /** A keyframe will be asked for soon. */
  get pending(): boolean {
    return this.#timer !== undefined && !this.#asked;
  }

  /** Somebody needs a keyframe, not before `delayMs` from now. It is asked for until one comes. */
  want(delayMs = 0): void {
    if (this.#asked) return;
    const nowMs = performance.now();
    const dueMs = Math.max(nowMs + delayMs, this.#earliestMs);
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    if (dueMs <= nowMs) this.#ask();
    else this.#timer = setTimeout(() => this.#ask(), dueMs - nowMs);
  }

  /** A keyframe came: whoever could take it is served. */
  arrived(): void {
    this.close();
    this.#earliestMs = performance.now() + KEYFRAME_INTERVAL_MS;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#asked = false;
  }

  #ask(): void {
    this.#asked = true;
    this.#earliestMs = performance.now() + KEYFRAME_INTERVAL_MS;
    this.#timer = setTimeout(() => this.#ask(), KEYFRAME_REPEAT_MS);
    this.#request();
  }
}
