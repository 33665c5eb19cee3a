import { z } from "zod";
import { dimension, shortText } from "./control.ts";

/**
 * The promise that a viewer gets: how old the picture on its screen is at most. `ultra`: 60 ms, `standard`: 150 ms,
 * `emergency`: 500 ms, with pictures that take less.
 */
export const tierSchema = z.enum(["ultra", "standard", "emergency"]);

export type Tier = z.infer<typeof tierSchema>;

/** What keeps a viewer from a better tier: a stage on the way of its pictures, or `none`. */
export const shortStageSchema = z.enum([
  "none",
  "capture",
  "convert",
  "encode",
  "network",
  "distance",
  "decode",
  "draw",
]);

export type ShortStage = z.infer<typeof shortStageSchema>;

/** A viewer's tier, the stage that is short, that in words, and the limits that hold now. */
export const tierStateSchema = z.strictObject({
  tier: tierSchema,
  stage: shortStageSchema,
  reason: shortText,
  /** Most bits a second. */
  bitrate: z.int().min(0),
  /** Most pictures a second. */
  fps: z.int().min(1),
  videoWidth: dimension,
  videoHeight: dimension,
});

export type TierState = z.infer<typeof tierStateSchema>;
