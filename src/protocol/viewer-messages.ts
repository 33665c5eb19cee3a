import { z } from "zod";
import { codec, controlParser, dimension, longText, shortText, uint32 } from "./control.ts";
import { tubeSignalSchema } from "./tube-signal.ts";

/** Control messages from a viewer to the hub. `watch` numbers are chosen by the viewer and name one subscription. */
export const viewerMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), protocol: z.int(), client: shortText }),
  z.strictObject({
    type: z.literal("watch"),
    watch: uint32,
    source: uint32,
    /** In order of preference; the hub takes the first that the agent can make. */
    codecs: z.array(codec).min(1).max(4),
    /** Largest size and rate the viewer has a use for; the source's settings are the other limit. */
    maxWidth: dimension.optional(),
    maxHeight: dimension.optional(),
    maxFps: z.int().min(1).max(120).optional(),
    /** Quality of JPEGs instead of the source's setting. */
    jpegQuality: z.int().min(1).max(100).optional(),
    /** False where the viewer can draw no tiles: every picture is then a whole one of the codec. */
    tiles: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("unwatch"), watch: uint32 }),
  z.strictObject({ type: z.literal("keyframe"), rung: uint32 }),
  /** Asks for control of a source, or gives it up. */
  z.strictObject({ type: z.literal("control"), source: uint32, take: z.boolean() }),
  /** Text to type into a source, in the same sequence as the binary input messages. */
  z.strictObject({ type: z.literal("text"), source: uint32, sequence: uint32, text: longText }),
  z.strictObject({ type: z.literal("clipboard"), source: uint32, text: longText }),
  /** Opens a tube to an agent; `tube` numbers the attempt. */
  z.strictObject({ type: z.literal("tube"), tube: uint32, agent: shortText, signal: tubeSignalSchema }),
  /** `timeUs` is the viewer's clock and comes back unchanged. */
  z.strictObject({ type: z.literal("ping"), timeUs: z.number() }),
]);

export type ViewerMessage = z.infer<typeof viewerMessageSchema>;

/** Parses what a viewer sent. Throws {@link ProtocolError}. */
export const parseViewerMessage: (text: string) => ViewerMessage = controlParser("viewer message", viewerMessageSchema);
