import { z } from "zod";
import { cameraDeliverySchema, cameraReportSchema } from "./camera.ts";
import { codec, controlParser, coordinate, dimension, longText, shortText, uint32 } from "./control.ts";
import { motionReportSchema, motionViewSchema } from "./motion.ts";
import { tubeSignalSchema } from "./tube-signal.ts";

/** One screen, monitor or camera as its agent describes it. `key` names it for as long as the agent lives and after a restart. */
export const agentSourceSchema = z.strictObject({
  key: z.string().min(1).max(128),
  name: shortText,
  kind: z.enum(["screen", "camera"]),
  width: dimension,
  height: dimension,
  /** Where the monitor lies on its display, in pixels. */
  x: coordinate,
  y: coordinate,
  primary: z.boolean(),
  /** Whether pointer and keyboard can be driven, and clipboard text exchanged. */
  input: z.boolean(),
  clipboard: z.boolean(),
  /** Which capture backend is used and why, for people to read. */
  backend: shortText,
  backendReason: shortText,
});

export type AgentSource = z.infer<typeof agentSourceSchema>;

/**
 * Pixels of the source that were sent, by the way they went: exact tiles of what changed, coarse tiles, copies of what moved,
 * video, and exact tiles of what rests after video.
 */
const sentPixelsSchema = z.strictObject({
  tiles: z.number().min(0),
  coarse: z.number().min(0),
  copies: z.number().min(0),
  video: z.number().min(0),
  refined: z.number().min(0),
});

export type SentPixels = z.infer<typeof sentPixelsSchema>;

/** What a rung costs and reaches, measured over the last interval. Stage times are medians in microseconds. */
export const performanceSchema = z.strictObject({
  backend: shortText,
  encoder: shortText,
  /** Why this encoder: what was tried before it and failed, or that it was asked for. */
  encoderReason: shortText,
  width: dimension,
  height: dimension,
  fps: z.number().min(0),
  bitrateBps: z.number().min(0),
  waitUs: z.number().min(0),
  grabUs: z.number().min(0),
  convertUs: z.number().min(0),
  encodeUs: z.number().min(0),
  /** Changes that were folded into a later picture because no credit was left. */
  deferred: z.number().min(0),
  /** Pictures that could not be captured or encoded. */
  failed: z.number().min(0),
  /** How the pictures were made up; of screens that are sent as more than video. */
  pixels: sentPixelsSchema.optional(),
});

export type Performance = z.infer<typeof performanceSchema>;

/** Control messages from an agent to the hub. */
export const agentMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), protocol: z.int(), name: z.string().min(1).max(64), version: shortText }),
  /** All sources of the agent; sent after the hello and whenever one appears, changes or goes. */
  z.strictObject({ type: z.literal("sources"), sources: z.array(agentSourceSchema).max(64) }),
  /** The rung delivers pictures from now on; sent again when its size, codec string or encoder changes. */
  z.strictObject({
    type: z.literal("rung"),
    rung: uint32,
    codec,
    /** WebCodecs codec string, for example "avc1.42e033"; "image/jpeg" for JPEG. */
    codecString: shortText,
    width: dimension,
    height: dimension,
    encoder: shortText,
    encoderReason: shortText,
    /**
     * The camera's own stream as it comes: keyframes are the camera's, so the hub keeps everything since the last one
     * for viewers that join, and credits do not slow it.
     */
    passthrough: z.boolean().optional(),
  }),
  /** The rung ended by itself: its source went away, or nothing here can encode it. */
  z.strictObject({ type: z.literal("rung-failed"), rung: uint32, reason: shortText }),
  z.strictObject({ type: z.literal("performance"), rung: uint32, performance: performanceSchema }),
  z.strictObject({ type: z.literal("clipboard"), text: longText }),
  /** How the camera does. */
  z.strictObject({ type: z.literal("camera"), report: cameraReportSchema }),
  /** Answers a camera command with `probe`: what the source delivers, or why it does not. */
  z.strictObject({ type: z.literal("probed"), delivery: cameraDeliverySchema.optional(), error: z.string().max(2048) }),
  z.strictObject({ type: z.literal("motion"), motion: motionReportSchema }),
  z.strictObject({ type: z.literal("motion-view"), view: motionViewSchema }),
  /** About a viewer's attempt to open a tube. */
  z.strictObject({ type: z.literal("tube"), viewer: uint32, tube: uint32, signal: tubeSignalSchema }),
  /** Answers a ping with the agent's monotonic clock. */
  z.strictObject({ type: z.literal("pong"), timeUs: z.number(), agentUs: z.number() }),
  /** Something a person should know: a fallback that was taken, input that is not possible. */
  z.strictObject({
    type: z.literal("notice"),
    level: z.enum(["info", "warning", "error"]),
    text: z.string().max(2048),
  }),
]);

export type AgentMessage = z.infer<typeof agentMessageSchema>;

/** Parses what an agent sent. Throws {@link ProtocolError}. */
export const parseAgentMessage: (text: string) => AgentMessage = controlParser("agent message", agentMessageSchema);
