import { z } from "zod";

/** x264's speed presets; other encoders map them to their nearest own. */
export const ENCODER_PRESETS = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] as const;

/** How one source is encoded. Sizes are limits: a smaller source is never scaled up. */
export const streamSettingsSchema = z.strictObject({
  width: z.int().min(16).max(7680).default(1920).describe("Largest picture width in pixels."),
  height: z.int().min(16).max(4320).default(1080).describe("Largest picture height in pixels."),
  fps: z.int().min(1).max(120).default(60).describe("Most pictures a second."),
  bitrate: z.int().min(100_000).max(200_000_000).default(15_000_000).describe("Most bits a second of the video."),
  crf: z
    .int()
    .min(0)
    .max(51)
    .default(23)
    .describe("Constant rate factor: 0 lossless to 51 worst; the bitrate is its cap."),
  preset: z.enum(ENCODER_PRESETS).default("ultrafast").describe("Encoder speed preset."),
  tune: z.enum(["zerolatency", "none"]).default("zerolatency").describe("Encoder tuning."),
  hardware: z.boolean().default(true).describe("Whether a hardware encoder may be used."),
  jpegQuality: z.int().min(1).max(100).default(80).describe("Quality of the JPEG rung for browsers without WebCodecs."),
});

/** Settings of one rung, with every default filled in. `bitrate` is in bits per second. */
export type StreamSettings = z.infer<typeof streamSettingsSchema>;

/**
 * What the pictures of a rung may take, which changes while it runs. The picture keeps its size: its video may be smaller
 * than the rectangles that it is drawn into, and is then scaled up by the viewer.
 */
export const rungBudgetSchema = z.strictObject({
  /** Most bits a second, tiles included. */
  bitrate: z.int().min(100_000).max(1_000_000_000),
  /** Most pictures a second. */
  fps: z.int().min(1).max(120),
  /** Largest size of the video. */
  videoWidth: z.int().min(16).max(7680),
  videoHeight: z.int().min(16).max(4320),
  /** A change that is too large for exact tiles may be shown as coarse ones first. */
  coarse: z.boolean(),
});

export type RungBudget = z.infer<typeof rungBudgetSchema>;

/** Named settings; what they leave out keeps its default. */
export const STREAM_PRESETS: Readonly<Record<"max-fps" | "best-quality" | "low-latency", Partial<StreamSettings>>> = {
  "max-fps": { fps: 120, preset: "ultrafast", tune: "zerolatency", crf: 30 },
  "best-quality": { fps: 30, preset: "medium", tune: "zerolatency", crf: 16, bitrate: 40_000_000, jpegQuality: 92 },
  "low-latency": { fps: 60, preset: "ultrafast", tune: "zerolatency", crf: 23 },
};

export type StreamPreset = keyof typeof STREAM_PRESETS;
