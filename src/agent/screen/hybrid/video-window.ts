import { alignOutwards, area, boundingRect, type Rect } from "../../../base/index.ts";

/** Edges of a window lie on multiples of this, so that a video whose edge changes little keeps its window. */
const STEP = 32;

/** What moved within this time shares a window. */
const PERIOD_US = 1_000_000;

/** A window that would save less than this share of the picture is not worth opening an encoder for. */
const WORTH_SHARE = 0.75;

/** It shrinks only where that saves at least this share of it. */
const SHRINK_SHARE = 0.5;

/**
 * The part of the source that is encoded as video: where things move, and not the still rest, which would cost as much.
 * Another window means another encoder and a picture that needs no earlier one, so it changes rarely: it grows to hold
 * what moves, to the whole source when that happens twice within a second, and shrinks after a second of needing less.
 */
export class VideoWindow {
  readonly #whole: Rect;
  #rect: Rect;
  #grownUs = Number.NEGATIVE_INFINITY;
  #periodUs = Number.NEGATIVE_INFINITY;
  /** What moved in this period and in the one before it. */
  #current: Rect | undefined;
  #previous: Rect | undefined;

  constructor({ width, height }: { readonly width: number; readonly height: number }) {
    this.#whole = { x: 0, y: 0, width, height };
    this.#rect = this.#whole;
  }

  /** The window for video inside `box`; the same object as before while it stays. */
  fit(box: Rect, nowUs: number): Rect {
    const periodEnded = this.#countPeriod(nowUs);
    this.#current = this.#current === undefined ? box : boundingRect(this.#current, box);
    const recent = this.#previous === undefined ? this.#current : boundingRect(this.#previous, this.#current);
    const wanted = this.#aligned(recent);
    if (!contains(this.#rect, box)) {
      const again = nowUs - this.#grownUs < PERIOD_US;
      this.#grownUs = nowUs;
      this.#rect = again ? this.#whole : this.#orWhole(wanted);
    } else if (periodEnded && area(wanted) < area(this.#rect) * SHRINK_SHARE) {
      this.#rect = this.#orWhole(wanted);
    }
    return this.#rect;
  }

  /** The whole source, as a keyframe needs it. */
  reset(): Rect {
    this.#rect = this.#whole;
    return this.#rect;
  }

  /** Whether a period has ended; what it saw is kept for another one. */
  #countPeriod(nowUs: number): boolean {
    const age = nowUs - this.#periodUs;
    if (age < PERIOD_US) return false;
    this.#previous = age < 2 * PERIOD_US ? this.#current : undefined;
    this.#current = undefined;
    this.#periodUs = nowUs;
    return true;
  }

  /** Aligned, and at a picture's right and lower edge still no smaller than an encoder takes. */
  #aligned(rect: Rect): Rect {
    const { width, height } = this.#whole;
    const x = Math.min(rect.x, Math.max(0, width - STEP));
    const y = Math.min(rect.y, Math.max(0, height - STEP));
    return alignOutwards(boundingRect(rect, { x, y, width: 1, height: 1 }), STEP, this.#whole) ?? this.#whole;
  }

  #orWhole(rect: Rect): Rect {
    return area(rect) > area(this.#whole) * WORTH_SHARE ? this.#whole : rect;
  }
}

function contains(outer: Rect, inner: Rect): boolean {
  const fitsAcross = inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width;
  return fitsAcross && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}
