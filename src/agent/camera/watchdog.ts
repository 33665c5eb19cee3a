/** A source that has not delivered its first picture after this long is opened anew. */
const OPEN_LIMIT_US = 12_000_000;
/** A slow source may be silent for five of its intervals, any source for two seconds. */
const MIN_STALL_US = 2_000_000;
const STALL_INTERVALS = 5;
/** After so many pictures the rate that is measured counts more than the one that was declared. */
const MEASURED_PICTURES = 5;
/** From here on the newest picture is late, which people are told. */
const LATE_SHARE = 0.5;
/** Looks that lie further apart than this were not the source's fault: the machine was suspended or far too busy. */
const MAX_LOOK_GAP_US = 1_000_000;

export type Freshness = "fresh" | "late" | "stalled";

/**
 * Judges a source by the age of its newest picture. It is looked at regularly; when the looks themselves were late, the
 * machine stood still and the source gets one more period before it is judged.
 */
export class Watchdog {
  #declaredFps: number;
  #freshUs: number;
  #lookedUs: number;
  /** The first picture of this opening, and how many had come by then. */
  #first: { readonly atUs: number; readonly pictures: number } | undefined;
  #measuredFps = 0;

  /** @param fps what the source should deliver; 0 where that is unknown */
  constructor(nowUs: number, fps: number) {
    this.#declaredFps = fps;
    this.#freshUs = nowUs;
    this.#lookedUs = nowUs;
  }

  /** The source says what it delivers. */
  setRate(fps: number): void {
    this.#declaredFps = fps;
  }

  /** Whether a picture came since the opening. */
  get delivered(): boolean {
    return this.#first !== undefined;
  }

  /** @param seen when the newest picture came, undefined before the first, and how many have come so far */
  look(nowUs: number, seen: { readonly newestUs: number | undefined; readonly pictures: number }): Freshness {
    const gapUs = nowUs - this.#lookedUs;
    this.#lookedUs = nowUs;
    if (seen.newestUs !== undefined && seen.newestUs > this.#freshUs) this.#note(seen.newestUs, seen.pictures);
    if (gapUs > MAX_LOOK_GAP_US) this.#freshUs = nowUs;
    const ageUs = nowUs - this.#freshUs;
    const limitUs = this.#limitUs;
    if (ageUs > limitUs) return "stalled";
    return this.delivered && ageUs > limitUs * LATE_SHARE ? "late" : "fresh";
  }

  #note(atUs: number, pictures: number): void {
    this.#freshUs = atUs;
    this.#first ??= { atUs, pictures };
    const count = pictures - this.#first.pictures;
    if (count >= MEASURED_PICTURES) this.#measuredFps = (count * 1e6) / (atUs - this.#first.atUs);
  }

  get #limitUs(): number {
    const fps = this.#measuredFps || this.#declaredFps;
    // Nothing is known of its rate: it may be one that sends a picture every few seconds.
    const usualUs = fps > 0 ? (STALL_INTERVALS * 1e6) / fps : OPEN_LIMIT_US;
    return Math.max(usualUs, this.delivered ? MIN_STALL_US : OPEN_LIMIT_US);
  }
}
