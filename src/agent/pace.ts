/**
 * Limits pictures to a rate without delaying a source that keeps to it with some jitter: a picture may come up to one
 * interval early as long as the average holds (the generic cell rate algorithm, ITU-T I.371, with a tolerance of one
 * interval). After a pause the next picture is free at once.
 */
export class Pace {
  #intervalUs: number;
  #theoreticalUs = 0;

  constructor(maxPerSecond: number) {
    this.#intervalUs = 1_000_000 / maxPerSecond;
  }

  /** Another rate from the next picture on. */
  setRate(maxPerSecond: number): void {
    this.#intervalUs = 1_000_000 / maxPerSecond;
  }

  /** Microseconds until the next picture may be made; 0 when it may be made now. */
  delayUs(nowUs: number): number {
    return Math.max(0, this.#theoreticalUs - this.#intervalUs - nowUs);
  }

  /** A picture was made. */
  spend(nowUs: number): void {
    this.#theoreticalUs = Math.max(this.#theoreticalUs, nowUs) + this.#intervalUs;
  }
}
