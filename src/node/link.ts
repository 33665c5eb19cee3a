import type { Event } from "../base/index.ts";

/** How a link ended: a code of `CloseCode`, a reason for people, and whether the other side asked for it. */
export type LinkClose = { readonly code: number; readonly reason: string; readonly remote: boolean };

/**
 * A connection that carries whole messages in order: control messages as strings, binary messages as bytes. Every kind
 * of link (pipe to a child process, WebSocket) behaves the same, so neither end needs to know which one it has.
 */
export type Link = {
  readonly kind: "pipe" | "websocket" | "memory";
  /** Who is at the other end, for logs: "pid 123", "192.0.2.7:50311". */
  readonly peer: string;
  /** Bytes that `send` took and the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Queues a message; the bytes must not change afterwards. Does nothing once the link is closed. */
  send(message: string | Uint8Array): void;
  /** Asks for an answer of the other end's link itself; where the kind of link has none, this is left out. */
  ping?(answered: () => void): void;
  /** A received binary message is owned by the listeners and is never written to again by the link. */
  readonly onMessage: Event<string | Uint8Array>;
  /** Every queued byte has reached the kernel. */
  readonly onDrain: Event<void>;
  /** Fires once, after the last message. */
  readonly onClose: Event<LinkClose>;
  /** Sends what is queued, then closes. Idempotent. */
  close(code?: number, reason?: string): void;
};
