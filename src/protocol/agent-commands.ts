import { z } from "zod";
import { cameraCredentialsSchema, cameraSchema } from "./camera.ts";
import { codec, controlParser, longText, shortText, uint32 } from "./control.ts";
import { rungBudgetSchema, streamSettingsSchema } from "./stream-settings.ts";
import { tubeSignalSchema } from "./tube-signal.ts";

/** Control messages from the hub to an agent. Binary input and ack messages travel beside them. */
export const agentCommandSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("welcome"), protocol: z.int(), agent: uint32 }),
  /** Tells the agent the numbers the hub gave its sources, which input messages use; follows every `sources`. */
  z.strictObject({ type: z.literal("numbered"), sources: z.record(z.string().max(128), uint32) }),
  z.strictObject({
    type: z.literal("open-rung"),
    rung: uint32,
    source: uint32,
    codec,
    settings: streamSettingsSchema,
    /** Pictures that may be in flight before the first ack. */
    credits: z.int().min(1).max(64),
    /** What the pictures may take from the start; without it all that the settings allow. */
    budget: rungBudgetSchema.optional(),
    /** False for a rung whose viewers can draw no tiles: every picture is then a whole one of the codec. */
    tiles: z.boolean().optional(),
  }),
  /** The rung's pictures may take this much from now on. */
  z.strictObject({ type: z.literal("budget"), rung: uint32, budget: rungBudgetSchema }),
  z.strictObject({ type: z.literal("close-rung"), rung: uint32 }),
  /** A viewer needs a picture that decodes by itself; the agent throttles these. */
  z.strictObject({ type: z.literal("keyframe"), rung: uint32 }),
  z.strictObject({ type: z.literal("credits"), rung: uint32, credits: z.int().min(1).max(64) }),
  z.strictObject({ type: z.literal("text"), viewer: uint32, source: uint32, sequence: uint32, text: longText }),
  /** Releases every key and button that the viewer holds. */
  z.strictObject({ type: z.literal("release-input"), viewer: uint32 }),
  z.strictObject({ type: z.literal("clipboard"), text: longText }),
  /**
   * Makes the agent this camera's, which it opens at once; sent once, after the welcome. With `probe` it only finds out
   * what the source delivers.
   */
  z.strictObject({
    type: z.literal("camera"),
    camera: cameraSchema,
    credentials: cameraCredentialsSchema.optional(),
    probe: z.boolean(),
  }),
  /** The camera's name, groups or motion settings have changed; its source has not. */
  z.strictObject({ type: z.literal("camera-settings"), camera: cameraSchema }),
  /** Somebody wants to see what the motion detector sees, or no longer does. */
  z.strictObject({ type: z.literal("motion-view"), on: z.boolean() }),
  /** A viewer opens a tube to this agent. */
  z.strictObject({ type: z.literal("tube"), viewer: uint32, tube: uint32, signal: tubeSignalSchema }),
  z.strictObject({ type: z.literal("ping"), timeUs: z.number() }),
  /** The hub refuses this agent; the link closes next. */
  z.strictObject({ type: z.literal("refused"), reason: shortText }),
]);

export type AgentCommand = z.infer<typeof agentCommandSchema>;

/** Parses what the hub sent to an agent. Throws {@link ProtocolError}. */
export const parseAgentCommand: (text: string) => AgentCommand = controlParser("agent command", agentCommandSchema);
