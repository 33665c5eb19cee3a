import type { CameraPacket } from "../engine.ts";

/** Pictures that are read this much later than the earliest ones wait in a queue of the system or the network. */
const MAX_LAG_US = 1_000_000;
/** Caught up to this, decoding goes on. */
const CAUGHT_UP_US = 200_000;
/** What does not catch up in this time is not late: the source's clock has jumped. */
const MAX_SKIPPED_US = 5_000_000;
/** Clocks of cameras run at their own speed: the earliest arrival is forgotten by so much a second. */
const DRIFT_US_PER_S = 1000;

/**
 * Notices when a source delivers faster than this machine decodes: its pictures then wait before they are read, longer and
 * longer. Reading alone is quick, so nothing is decoded until the newest picture is read again, and then from a keyframe
 * on: a picture is left out rather than late.
 */
export class DecodingLag {
  #earliestUs: number | undefined;
  #arrivedUs = 0;
  #skipping = false;
  #skippedSinceUs = 0;

  /** Whether this packet, the next one in order, is not to be decoded. */
  skips({ ptsUs, arrivedUs, keyframe }: CameraPacket): boolean {
    const offsetUs = arrivedUs - ptsUs;
    const driftUs = ((arrivedUs - this.#arrivedUs) / 1e6) * DRIFT_US_PER_S;
    const earliestUs = this.#earliestUs === undefined ? offsetUs : Math.min(this.#earliestUs + driftUs, offsetUs);
    this.#earliestUs = earliestUs;
    this.#arrivedUs = arrivedUs;
    if (this.#skipping && arrivedUs - this.#skippedSinceUs > MAX_SKIPPED_US) this.#earliestUs = offsetUs;
    const lagUs = offsetUs - this.#earliestUs;
    if (this.#skipping) {
      this.#skipping = !keyframe || lagUs > CAUGHT_UP_US;
    } else if (lagUs > MAX_LAG_US) {
      this.#skipping = true;
      this.#skippedSinceUs = arrivedUs;
    }
    return this.#skipping;
  }
}
