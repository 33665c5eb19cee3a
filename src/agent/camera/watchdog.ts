/** A source that has not delivered its first picture after this long is opened anew. */
const OPEN_LIMIT_US = 12_000_000;
/** A slow source may be silent for five of its intervals, any source for two seconds. */
const MIN_STALL_US = 2_000_000;
const STALL_INTERVALS = 5;
/** From here on the newest picture is late, which people are told. */
const LATE_SHARE = 0.5;
/** Looks that lie further apart than this were not the source's fault: the machine was suspended or far too busy. */
const MAX_LOOK_GAP_US = 3_000_000;

export type Freshness = "fresh" | "late" | "stalled";

/**
 * Judges a source by the age of its newest picture. It is looked at regularly; when the looks themselves were late, the
 * machine stood still and the source gets one more period before it is judged.
 */
export class Watchdog {
  #fps: number;
  #freshUs: number;
  #lookedUs: number;
  #delivered = false;

  /** @param fps what the source should deliver; 0 where that is unknown */
  constructor(nowUs: number, fps: number) {
    this.#fps = fps;
    this.#freshUs = nowUs;
    this.#lookedUs = nowUs;
  }

  /** The rate is known better now. */
  setRate(fps: number): void {
    this.#fps = fps;
  }

  /** Whether a picture came since the opening. */
  get delivered(): boolean {
    return this.#delivered;
  }

  /** @param newestUs when the newest picture came; undefined before the first */
  look(nowUs: number, newestUs: number | undefined): Freshness {
    const gapUs = nowUs - this.#lookedUs;
    this.#lookedUs = nowUs;
    if (newestUs !== undefined && newestUs > this.#freshUs) {
      this.#freshUs = newestUs;
      this.#delivered = true;
    }
    if (gapUs > MAX_LOOK_GAP_US) this.#freshUs = nowUs;
    const ageUs = nowUs - this.#freshUs;
    const limitUs = this.#delivered ? this.#stallUs : Math.max(OPEN_LIMIT_US, this.#stallUs);
    if (ageUs > limitUs) return "stalled";
    return this.#delivered && ageUs > this.#stallUs * LATE_SHARE ? "late" : "fresh";
  }

  get #stallUs(): number {
    return this.#fps > 0 ? Math.max(MIN_STALL_US, (STALL_INTERVALS * 1e6) / this.#fps) : MIN_STALL_US;
  }
}
