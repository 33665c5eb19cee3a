import { z } from "zod";
import { controlParser, shortText, uint32 } from "./control.ts";
import { sourceInfoSchema } from "./hub-messages.ts";
import { motionBoxSchema, motionViewSchema } from "./motion.ts";

/** One movement as the hub keeps it. Times are milliseconds since 1970. */
export const motionEventSchema = z.strictObject({
  id: uint32,
  /** Path of the source. */
  source: shortText,
  startedAtMs: z.number(),
  /** Null while it goes on. */
  endedAtMs: z.number().nullable(),
  peak: z.number().min(0).max(1),
  box: motionBoxSchema,
  zones: z.array(z.string().max(64)).max(16),
  /** Whether `/api/events/:id/snapshot.jpg` has a picture. */
  snapshot: z.boolean(),
});

export type MotionEvent = z.infer<typeof motionEventSchema>;

/** What the hub sends on `/api/events`, a WebSocket apart from the pictures. */
export const hubEventSchema = z.discriminatedUnion("type", [
  /** All sources with their health: at the start and whenever something about them changes. `hubUs` is now. */
  z.strictObject({ type: z.literal("sources"), hubUs: z.number(), sources: z.array(sourceInfoSchema) }),
  z.strictObject({ type: z.literal("motion"), event: motionEventSchema }),
  z.strictObject({ type: z.literal("motion-view"), source: uint32, view: motionViewSchema }),
  z.strictObject({ type: z.literal("error"), code: shortText, text: z.string().max(2048) }),
]);

export type HubEvent = z.infer<typeof hubEventSchema>;

/** What a page sends on `/api/events`. */
export const eventRequestSchema = z.discriminatedUnion("type", [
  /** Begins or ends to show what a source's motion detector sees; it needs no picture to be watched. */
  z.strictObject({ type: z.literal("motion-view"), source: uint32, on: z.boolean() }),
]);

export type EventRequest = z.infer<typeof eventRequestSchema>;

/** Parses what the hub sent on `/api/events`. Throws {@link ProtocolError}. */
export const parseHubEvent: (text: string) => HubEvent = controlParser("hub event", hubEventSchema);

/** Parses what a page sent on `/api/events`. Throws {@link ProtocolError}. */
export const parseEventRequest: (text: string) => EventRequest = controlParser("event request", eventRequestSchema);
