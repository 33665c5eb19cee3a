import type { PictureHeader } from "../../protocol/index.ts";

/** What to do with the next picture of a rung: use it, ask for a keyframe and wait, or ignore it (still waiting). */
export type SequenceVerdict = "use" | "gap" | "skip";

/**
 * Follows the pictures of one rung. After a gap nothing is usable until a picture that covers everything (keyframe).
 * Video also needs the video before it, which a keyframe made of tiles does not bring back: then it must be intra.
 */
export class SequenceWatch {
  #expected: number | undefined;
  #waiting = true;
  #hasVideo = false;

  next({
    sequence,
    keyframe,
    kind,
    intra,
  }: Pick<PictureHeader, "sequence" | "keyframe" | "kind" | "intra">): SequenceVerdict {
    const inOrder = this.#expected === undefined || sequence === this.#expected;
    this.#expected = (sequence + 1) >>> 0;
    if (!inOrder) this.#hasVideo = false;
    const selfContained = kind !== "video" || intra || keyframe;
    const usable = keyframe || (!this.#waiting && inOrder && (selfContained || this.#hasVideo));
    if (usable) {
      this.#waiting = false;
      if (kind === "video") this.#hasVideo = true;
      return "use";
    }
    const verdict = this.#waiting ? "skip" : "gap";
    this.reset();
    return verdict;
  }

  /** Decoding broke or starts anew: waits for a keyframe. */
  reset(): void {
    this.#waiting = true;
    this.#hasVideo = false;
  }
}

/** Whether picture `a` comes before `b`; sequences wrap at 2^32. */
export function isBefore(a: number, b: number): boolean {
  return a !== b && (b - a) >>> 0 < 0x80000000;
}
