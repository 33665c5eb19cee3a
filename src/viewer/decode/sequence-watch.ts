/** What to do with the next picture of a rung: use it, ask for a keyframe and wait, or ignore it (still waiting). */
export type SequenceVerdict = "use" | "gap" | "skip";

/** Follows the sequence numbers of one rung. After a gap nothing is usable until the next keyframe. */
export class SequenceWatch {
  #expected: number | undefined;
  #waiting = true;

  next(sequence: number, keyframe: boolean): SequenceVerdict {
    const inOrder = this.#expected === undefined || sequence === this.#expected;
    this.#expected = (sequence + 1) >>> 0;
    if (keyframe) {
      this.#waiting = false;
      return "use";
    }
    if (!this.#waiting && inOrder) return "use";
    const verdict = this.#waiting ? "skip" : "gap";
    this.#waiting = true;
    return verdict;
  }

  /** Decoding broke or starts anew: waits for a keyframe. */
  reset(): void {
    this.#waiting = true;
  }
}
