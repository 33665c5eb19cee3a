import { z } from "zod";
import { shortText } from "./control.ts";

/** A tube's session: 16 random bytes in hexadecimal digits. Who knows it can take the tube's connections over. */
const session = z.string().regex(/^[0-9a-f]{32}$/);

const description = z.string().max(64 << 10);

/**
 * What the two ends of a tube tell each other through the hub while they connect. Each attempt to connect has a number
 * of its own, chosen by the end that begins.
 *
 * - `request` goes to the agent; the hub adds who asks, the ICE servers, and the ticket of a WebSocket.
 * - `accepted` or `refused` comes back; the hub adds ICE servers and ticket. `retryAfterMs` 0: do not ask again.
 * - `description` (SDP) and `candidate` go both ways, candidates as they are found; an empty one is the last.
 * - `end`: this attempt is over; a transport that was made of it stays.
 */
export const tubeSignalSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("request"),
    session,
    /** The session exists already and goes on; an end that does not know it refuses. */
    resume: z.boolean(),
    transport: z.enum(["webrtc", "websocket"]),
    /** Both ends offer addresses of TURN servers only. */
    relayOnly: z.boolean().optional(),
    who: shortText.optional(),
    /** The hub's own address, for the agents that it runs on its machine. */
    hub: shortText.optional(),
    iceServers: z.array(shortText).max(16).optional(),
    ticket: shortText.optional(),
  }),
  z.strictObject({
    kind: z.literal("accepted"),
    iceServers: z.array(shortText).max(16).optional(),
    ticket: shortText.optional(),
  }),
  z.strictObject({
    kind: z.literal("refused"),
    /** What a program does about it: give up, ask again later, or begin a new session. */
    code: z.enum(["forbidden", "unknown-agent", "unsupported", "busy", "unknown-session"]),
    reason: z.string().max(2048),
    retryAfterMs: z.int().min(0).max(3_600_000),
  }),
  z.strictObject({ kind: z.literal("description"), type: z.enum(["offer", "answer"]), sdp: description }),
  z.strictObject({ kind: z.literal("candidate"), candidate: z.string().max(2048), mid: shortText }),
  z.strictObject({ kind: z.literal("end"), reason: z.string().max(2048) }),
]);

export type TubeSignal = z.infer<typeof tubeSignalSchema>;

/** The subprotocol of a WebSocket that carries a tube; its ticket is offered as a second one. */
export const TUBE_SUBPROTOCOL = "sightline-tube";
