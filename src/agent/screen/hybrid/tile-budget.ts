import type { RungBudget } from "../../../protocol/index.ts";

/** What tiles may take, in bytes per picture. */
export type TileBudget = {
  /** A keyframe or a change of calm regions; what takes more is shown as coarse tiles or video first and refined. */
  readonly calmBytes: number;
  /** Coarse tiles of what is too large for exact ones; what takes more is video. */
  readonly coarseBytes: number;
  /** Regions that keep changing; what is expected to take more is video. */
  readonly hotBytes: number;
  /** One picture of refinement. */
  readonly refineBytes: number;
};

/** A calm change may take this much of a second's bytes: it is the only thing going on, and shown exactly at once. */
const CALM_SECONDS = 0.25;

/** Refinement goes out in pictures of this much, so that a change that comes meanwhile waits for no more. */
const REFINE_SECONDS = 0.25;

/** Where bytes are short a change waits less for the one before it, and what it shows first may be coarse. */
const SHORT_SECONDS = 0.1;

/** There refinement goes out in pictures of which several are under way at once. */
const SHORT_REFINE_SECONDS = 0.04;

/** The budget at a bit rate: what keeps changing gets as much as its video would. */
export function tileBudget({ bitrate, fps, coarse }: Pick<RungBudget, "bitrate" | "fps" | "coarse">): TileBudget {
  const bytesPerSecond = bitrate / 8;
  return {
    calmBytes: bytesPerSecond * (coarse ? SHORT_SECONDS : CALM_SECONDS),
    coarseBytes: coarse ? bytesPerSecond * SHORT_SECONDS : 0,
    hotBytes: bytesPerSecond / fps,
    refineBytes: bytesPerSecond * (coarse ? SHORT_REFINE_SECONDS : REFINE_SECONDS),
  };
}
