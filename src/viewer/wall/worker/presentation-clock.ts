/** Delays remembered; at 25 pictures a second about five seconds. */
const MAX_DELAYS = 128;
/** The buffer never costs more than this, however uneven the pictures come. */
const MAX_BUFFER_US = 500_000;
/** A jump of the source's clock, or a pause: what was learnt no longer holds. */
const JUMP_US = 2_000_000;
/** Share of the pictures that is on time. */
const ON_TIME = 0.95;
/** Pictures that were kept for who joins come at once: in less than this share of the time in which they were taken. */
const KEPT_SHARE = 0.75;

/**
 * Says how long a picture waits so that pictures are shown in the rhythm in which they were taken. The wait is the least that
 * takes the unevenness of nearly all recent pictures away; an even stream costs nothing. Times are microseconds; the
 * source's clock need not be known.
 */
export class PresentationClock {
  #delaysUs: number[] = [];
  #lastDueUs = 0;
  #lastSourceUs: number | undefined;
  #joining = true;
  #meanWaitUs = 0;

  /** What pictures waited lately, on average. */
  get meanWaitUs(): number {
    return this.#meanWaitUs;
  }

  /** How long the picture taken at `sourceUs`, which is ready at `nowUs`, has to wait. */
  waitUs(sourceUs: number, nowUs: number): number {
    const delayUs = nowUs - sourceUs;
    const usual = this.#delaysUs.at(-1);
    const backwards = this.#lastSourceUs !== undefined && sourceUs < this.#lastSourceUs;
    if (backwards || (usual !== undefined && Math.abs(delayUs - usual) > JUMP_US)) this.clear();
    else if (this.#joining && usual !== undefined && this.#lastSourceUs !== undefined) {
      // How late those were that the hub had kept says nothing about those that follow.
      this.#joining = usual - delayUs > (sourceUs - this.#lastSourceUs) * (1 - KEPT_SHARE);
      if (this.#joining) this.#delaysUs = [];
    }
    this.#lastSourceUs = sourceUs;
    this.#delaysUs.push(delayUs);
    if (this.#delaysUs.length > MAX_DELAYS) this.#delaysUs.shift();
    const sorted = this.#delaysUs.toSorted((a, b) => a - b);
    const leastUs = sorted[0] as number;
    const enoughUs = sorted[Math.floor((sorted.length - 1) * ON_TIME)] as number;
    const dueUs = Math.max(this.#lastDueUs, sourceUs + Math.min(enoughUs, leastUs + MAX_BUFFER_US));
    this.#lastDueUs = dueUs;
    const waitUs = Math.max(0, dueUs - nowUs);
    this.#meanWaitUs += (waitUs - this.#meanWaitUs) / 16;
    return waitUs;
  }

  clear(): void {
    this.#delaysUs = [];
    this.#lastDueUs = 0;
    this.#lastSourceUs = undefined;
    this.#joining = true;
  }
}
