import type { StreamSettings } from "../../../protocol/index.ts";

/** What lossless tiles may take, in bytes per picture. */
export type TileBudget = {
  /** A keyframe or a change of calm regions; what takes more is shown as video first and refined. */
  readonly calmBytes: number;
  /** Regions that keep changing; what is expected to take more is video. */
  readonly hotBytes: number;
  /** One picture of refinement. */
  readonly refineBytes: number;
};

/** A calm change may take this much of a second's bytes: it is the only thing going on, and shown exactly at once. */
const CALM_SECONDS = 0.25;

/** Refinement goes out in pictures of this much, so that a change that comes meanwhile waits for no more. */
const REFINE_SECONDS = 0.25;

/** The budget at a bit rate: what keeps changing gets as much as its video would. */
export function tileBudget({ bitrate, fps }: Pick<StreamSettings, "bitrate" | "fps">): TileBudget {
  const bytesPerSecond = bitrate / 8;
  return {
    calmBytes: bytesPerSecond * CALM_SECONDS,
    hotBytes: bytesPerSecond / fps,
    refineBytes: bytesPerSecond * REFINE_SECONDS,
  };
}
