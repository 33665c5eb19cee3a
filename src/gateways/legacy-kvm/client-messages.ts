import { z } from "zod";
import { ProtocolError } from "../../base/index.ts";

/** Once a binary picture is drawn, the client sends every coordinate as null, the NaN or Infinity that it computed. */
const coordinate = z
  .number()
  .nullish()
  .transform((value) => value ?? undefined);
const delta = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z.boolean().default(false);
const place = { x: coordinate, y: coordinate };
const button = z.enum(["left", "middle", "right"]);
const key = {
  key: z.string().max(64).default(""),
  keyCode: z.int().min(0).max(0xffff).default(0),
  ctrlKey: flag,
  altKey: flag,
  shiftKey: flag,
  metaKey: flag,
};
const touch = { ...place, identifier: z.number().default(0) };

/** Messages that mean something here; the client's other fields, such as `monitor_id`, add nothing. */
const messageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("mousemove"), ...place }),
  z.object({ type: z.literal("mousedown"), ...place, button }),
  z.object({ type: z.literal("mouseup"), ...place, button }),
  z.object({ type: z.literal("wheel"), ...place, delta_x: delta, delta_y: delta }),
  z.object({ type: z.literal("keydown"), ...key }),
  z.object({ type: z.literal("keyup"), ...key }),
  z.object({ type: z.literal("touchstart"), ...touch }),
  z.object({ type: z.literal("touchmove"), ...touch }),
  z.object({ type: z.literal("touchend"), ...touch }),
  z.object({ type: z.literal("touchcancel"), ...touch }),
  z.object({ type: z.literal("ping"), timestamp: z.number().nullish() }),
  z.object({ type: z.literal("request_keyframe") }),
  z.object({ type: z.literal("emergency_reset") }),
]);

const TYPES: ReadonlySet<string> = new Set(messageSchema.options.flatMap(({ shape }) => [...shape.type.values]));

/** A message of the client, with its defaults filled in; a coordinate that it did not know is undefined. */
export type ClientMessage = z.infer<typeof messageSchema>;
export type PlacedMessage = Extract<ClientMessage, { x: number | undefined }>;
export type MouseMessage = Extract<ClientMessage, { type: "mousemove" | "mousedown" | "mouseup" }>;
export type WheelMessage = Extract<ClientMessage, { type: "wheel" }>;
export type KeyMessage = Extract<ClientMessage, { type: "keydown" | "keyup" }>;
export type TouchMessage = Extract<ClientMessage, { identifier: number }>;

/**
 * Reads a message. Those of other types (statistics, its own ideas of quality, mock WebRTC) are undefined. Throws
 * {@link ProtocolError} for what is no message at all, or a known one with wrong fields.
 */
export function parseClientMessage(text: string): ClientMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("malformed", "A message of a legacy client is not JSON.", { cause });
  }
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  if (typeof type !== "string") throw new ProtocolError("malformed", "A message of a legacy client has no type.");
  if (!TYPES.has(type)) return undefined;
  const result = messageSchema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join(".");
  throw new ProtocolError("malformed", `A ${type} message of a legacy client is wrong at "${field}".`);
}
