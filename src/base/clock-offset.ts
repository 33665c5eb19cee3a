type Sample = { readonly rttUs: number; readonly offsetUs: number };

const MAX_SAMPLES = 16;

/** Two clocks may drift this far apart between samples; what contradicts the others by more is a clock that jumped. */
const MAX_DRIFT_US = 20_000;

/**
 * Difference between another machine's clock and ours, from pings. Of the last samples the one with the least round trip
 * wins: its error is at most half of that round trip. When a clock has jumped, because its machine was suspended or the
 * process is another one, the samples from before are forgotten. All times are in microseconds.
 */
export class ClockOffset {
  readonly #samples: Sample[] = [];
  #best: Sample | undefined;

  /** Least round trip of the recent pings, undefined before the first. */
  get rttUs(): number | undefined {
    return this.#best?.rttUs;
  }

  /** Their clock minus ours, undefined before the first ping was answered. */
  get offsetUs(): number | undefined {
    return this.#best?.offsetUs;
  }

  /** A ping left at `sentUs` and was answered at `receivedUs` of our clock, with `theirUs` of theirs. */
  add(sentUs: number, receivedUs: number, theirUs: number): void {
    const sample = { rttUs: receivedUs - sentUs, offsetUs: theirUs - (sentUs + receivedUs) / 2 };
    if (this.#best !== undefined && contradict(this.#best, sample)) this.clear();
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    this.#best = this.#samples.reduce((best, other) => (other.rttUs < best.rttUs ? other : best));
  }

  /** A time of their clock on ours; undefined before the first ping was answered. */
  toOwnUs(theirUs: number): number | undefined {
    return this.#best === undefined ? undefined : theirUs - this.#best.offsetUs;
  }

  /** Forgets everything; another process has another clock. */
  clear(): void {
    this.#samples.length = 0;
    this.#best = undefined;
  }
}

function contradict(a: Sample, b: Sample): boolean {
  return Math.abs(a.offsetUs - b.offsetUs) > (a.rttUs + b.rttUs) / 2 + MAX_DRIFT_US;
}
