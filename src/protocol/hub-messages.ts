import { z } from "zod";
import { performanceSchema } from "./agent-messages.ts";
import { cameraHealthSchema } from "./camera.ts";
import { codec, controlParser, dimension, longText, shortText, uint32 } from "./control.ts";
import { tierStateSchema } from "./tier.ts";
import { tubeSignalSchema } from "./tube-signal.ts";

/** What a viewer may do; each grant is given apart. */
export const grantSchema = z.enum(["view", "pointer", "keyboard", "clipboard-in", "clipboard-out", "tunnel"]);

export type Grant = z.infer<typeof grantSchema>;

/** One source as viewers see it. `id` is the hub's number until it restarts, `path` survives restarts. */
export const sourceInfoSchema = z.strictObject({
  id: uint32,
  /** Agent name and source key, "desk/DP-1"; unique, stable, for links and configuration. */
  path: shortText,
  name: shortText,
  agent: shortText,
  kind: z.enum(["screen", "camera"]),
  /** Groups that a camera belongs to. */
  groups: z.array(z.string().max(64)).max(8),
  width: dimension,
  height: dimension,
  primary: z.boolean(),
  /** `lost`: the agent is gone; the last picture is old. */
  state: z.enum(["live", "lost"]),
  /** Hub clock at the last change of state, microseconds. */
  stateSinceUs: z.number(),
  /** What a person should know about the state: why it is lost, when the next attempt comes. */
  detail: shortText,
  backend: shortText,
  backendReason: shortText,
  /** Cameras only. */
  health: cameraHealthSchema.optional(),
  /** What this viewer may do with the source. */
  grants: z.array(grantSchema),
});

export type SourceInfo = z.infer<typeof sourceInfoSchema>;

/** Control messages from the hub to a viewer. */
export const hubMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("welcome"), protocol: z.int(), viewer: uint32, version: shortText, hub: shortText }),
  z.strictObject({ type: z.literal("sources"), sources: z.array(sourceInfoSchema) }),
  /** The subscription is fed by this rung from now on; sent again when the rung or its properties change. */
  z.strictObject({
    type: z.literal("watching"),
    watch: uint32,
    source: uint32,
    rung: uint32,
    codec,
    codecString: shortText,
    width: dimension,
    height: dimension,
    encoder: shortText,
    encoderReason: shortText,
    /** Agent's clock minus the hub's, microseconds, so that the age of a picture can be told. */
    agentClockOffsetUs: z.number(),
  }),
  /** The subscription gets no pictures until the next `watching`. */
  z.strictObject({ type: z.literal("interrupted"), watch: uint32, reason: shortText }),
  z.strictObject({ type: z.literal("unwatched"), watch: uint32, reason: shortText }),
  /** Who drives a source: this viewer, another one, or nobody. */
  z.strictObject({
    type: z.literal("control"),
    source: uint32,
    holder: z.enum(["you", "other", "nobody"]),
    reason: shortText,
  }),
  z.strictObject({ type: z.literal("clipboard"), source: uint32, text: longText }),
  /** `timeUs` is the ping's; `hubUs` the hub's monotonic clock. */
  z.strictObject({ type: z.literal("pong"), timeUs: z.number(), hubUs: z.number() }),
  z.strictObject({
    type: z.literal("performance"),
    rung: uint32,
    performance: performanceSchema,
    viewers: z.int().min(0),
    /** Pictures the hub did not send to this viewer because it was behind. */
    dropped: z.int().min(0),
    agentClockOffsetUs: z.number(),
  }),
  /** What the viewer is promised now and why; sent when it changes. */
  z.strictObject({ type: z.literal("tier"), watch: uint32, ...tierStateSchema.shape }),
  z.strictObject({
    type: z.literal("notice"),
    source: uint32,
    level: z.enum(["info", "warning", "error"]),
    text: z.string().max(2048),
  }),
  /** From the agent of an attempt to open a tube, or from the hub itself. */
  z.strictObject({ type: z.literal("tube"), tube: uint32, signal: tubeSignalSchema }),
  z.strictObject({ type: z.literal("error"), code: shortText, text: z.string().max(2048) }),
]);

export type HubMessage = z.infer<typeof hubMessageSchema>;

/** Parses what the hub sent to a viewer. Throws {@link ProtocolError}. */
export const parseHubMessage: (text: string) => HubMessage = controlParser("hub message", hubMessageSchema);
