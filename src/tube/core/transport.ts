import type { Event } from "../../base/index.ts";

/** What carries a tube's frames: a WebRTC data channel, or a WebSocket through the hub where UDP is blocked. */
export type TransportKind = "webrtc" | "websocket";

/**
 * A sender stops at this many bytes queued in a transport. More than a receiver takes without acknowledging (256 KiB or 256
 * frames), so whoever has this much on the way will hear of it.
 */
export const TRANSPORT_HIGH_WATER_BYTES = 512 << 10;

/** A transport fires `onDrain` when its queue falls to this many bytes. */
export const TRANSPORT_LOW_WATER_BYTES = 128 << 10;

/**
 * One ordered, reliable carrier of whole messages. A tube outlives its transports: when one breaks, the next carries on
 * where it stopped. Messages that arrive before the first `onMessage` listener wait for it.
 */
export type TubeTransport = {
  readonly kind: TransportKind;
  /** How the other end is reached, for people: addresses and whether a relay is in between. */
  readonly description: string;
  /** Bytes that `send` took and the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Queues a message, whose bytes must not change afterwards. Does nothing once the transport is closed. */
  send(message: Uint8Array): void;
  readonly onMessage: Event<Uint8Array>;
  /**
   * There is room again: `bufferedBytes` fell to {@link TRANSPORT_LOW_WATER_BYTES} or below; where the platform does not
   * tell that, a message arrived and it is below {@link TRANSPORT_HIGH_WATER_BYTES}.
   */
  readonly onDrain: Event<void>;
  /** Fires once, with a reason for people. */
  readonly onClose: Event<string>;
  /** Sends what is queued, then closes. Idempotent. */
  close(): void;
};

/** Time, passed in: a monotonic clock in milliseconds and a timer, which returns what cancels it. */
export type Timers = {
  nowMs(): number;
  after(delayMs: number, run: () => void): () => void;
};
