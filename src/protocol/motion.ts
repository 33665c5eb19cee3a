import { z } from "zod";
import { shortText, uint32 } from "./control.ts";

/** A length or position as a share of the picture's width or height. */
const share = z.number().min(0).max(1);

/** A polygon on the picture. Where there is no zone to include, the whole picture is. */
export const motionZoneSchema = z.strictObject({
  name: z.string().min(1).max(64),
  mode: z.enum(["include", "exclude"]),
  points: z
    .array(z.tuple([share, share]))
    .min(3)
    .max(32),
});

export type MotionZone = z.infer<typeof motionZoneSchema>;

/** When movement counts as an event. */
export const motionSettingsSchema = z.strictObject({
  enabled: z.boolean().default(false),
  /** 1 needs a strong change of brightness, 100 takes the weakest that stands out from the picture's own noise. */
  sensitivity: z.int().min(1).max(100).default(50),
  /** Least part of the watched zones that has to move at once, percent. */
  minAreaPercent: z.number().min(0.01).max(100).default(0.3),
  /** Pictures in a row that have to show it. */
  minFrames: z.int().min(1).max(100).default(3),
  /** An event ends when nothing moved for this long, milliseconds. */
  coolDownMs: z.int().min(0).max(600_000).default(5000),
  zones: z.array(motionZoneSchema).max(16).default([]),
});

export type MotionSettings = z.infer<typeof motionSettingsSchema>;

/** A rectangle in shares of the picture. */
export const motionBoxSchema = z.strictObject({ x: share, y: share, width: share, height: share });

export type MotionBox = z.infer<typeof motionBoxSchema>;

/** One movement, as its agent tells it: once at its start, then when it grew, then at its end. */
export const motionReportSchema = z.strictObject({
  /** The agent's number of the event. */
  event: uint32,
  phase: z.enum(["start", "update", "end"]),
  /** Agent's monotonic clock at the picture that it is about, microseconds. */
  atUs: z.number(),
  /** Largest part of the watched zones that moved at once so far. */
  peak: share,
  /** Where it moved, all of the event together. */
  box: motionBoxSchema,
  /** Names of the zones that it touched. */
  zones: z.array(z.string().max(64)).max(16),
  /** JPEG of the picture that shows most, base64; with the end, and with an update that has a better one. */
  snapshot: z.string().max(700_000).optional(),
});

export type MotionReport = z.infer<typeof motionReportSchema>;

/** What the detector sees in one picture, for somebody who tunes it. */
export const motionViewSchema = z.strictObject({
  columns: z.int().min(1).max(256),
  rows: z.int().min(1).max(256),
  /** Change of every cell against the background, row by row, one byte each, base64. */
  cells: z.string().max(90_000),
  /** Least change that counts now; it follows the noise. */
  threshold: z.number().min(0).max(255),
  /** Part of the watched zones that moves now. */
  area: share,
  /** Why movement does not count now: the light changed, the camera has just come back, or nothing. */
  suppressed: shortText,
  /** Whether an event is running. */
  active: z.boolean(),
  boxes: z.array(motionBoxSchema).max(32),
});

export type MotionView = z.infer<typeof motionViewSchema>;
