import type { CameraPicture } from "./engine.ts";

/** A picture later than this is not late by chance: the source's clock has jumped, or its pictures queue up. */
const MAX_JITTER_US = 300_000;
/** Clocks of cameras run at their own speed: the earliest arrival is forgotten by so much a second. */
const DRIFT_US_PER_S = 1000;

/**
 * Says when pictures were taken, by this machine's clock. They keep the distances that the source's own timestamps give
 * them, however unevenly they arrive. What even the quickest of them needed to come here cannot be known and is left out.
 */
export class SourceClock {
  #earliestUs = Number.NEGATIVE_INFINITY;
  #ptsUs = Number.NEGATIVE_INFINITY;
  #arrivedUs = 0;
  #takenUs = Number.NEGATIVE_INFINITY;

  /** When the next picture in order was taken: not after it arrived, and not before the one before it. */
  takenUs({ ptsUs, arrivedUs }: Pick<CameraPicture, "ptsUs" | "arrivedUs">): number {
    const offsetUs = arrivedUs - ptsUs;
    const driftUs = ((arrivedUs - this.#arrivedUs) / 1e6) * DRIFT_US_PER_S;
    const earliestUs = Math.min(this.#earliestUs + driftUs, offsetUs);
    // A timestamp that stands still tells nothing.
    const isKnown = ptsUs > this.#ptsUs && offsetUs - earliestUs <= MAX_JITTER_US;
    this.#earliestUs = isKnown ? earliestUs : offsetUs;
    this.#ptsUs = ptsUs;
    this.#arrivedUs = arrivedUs;
    this.#takenUs = Math.max(this.#takenUs, ptsUs + this.#earliestUs);
    return this.#takenUs;
  }
}
