type Sample = { readonly rttUs: number; readonly offsetUs: number };

const MAX_SAMPLES = 16;

/**
 * Difference between the hub's clock and this viewer's, from pings. Of the last samples the one with the least round
 * trip wins: its error is at most half of that round trip.
 */
export class ClockOffset {
  readonly #samples: Sample[] = [];
  #best: Sample | undefined;

  /** Least round trip of the recent pings in microseconds, undefined before the first. */
  get rttUs(): number | undefined {
    return this.#best?.rttUs;
  }

  /** All times in microseconds: the first two of the viewer's clock, the last of the hub's. */
  add(sentUs: number, receivedUs: number, hubUs: number): void {
    this.#samples.push({ rttUs: receivedUs - sentUs, offsetUs: hubUs - (sentUs + receivedUs) / 2 });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) => (sample.rttUs < best.rttUs ? sample : best));
  }

  /** A time of the hub's clock on the viewer's clock; undefined before the first ping was answered. */
  toViewerUs(hubUs: number): number | undefined {
    return this.#best === undefined ? undefined : hubUs - this.#best.offsetUs;
  }

  /** Forgets everything; another hub process has another clock. */
  clear(): void {
    this.#samples.length = 0;
    this.#best = undefined;
  }
}
