import { ProtocolError } from "../base/index.ts";

/** First byte of every binary message. Values below 0x10 flow from agents, 0x10 to 0x1f are feedback, 0x20 up is input. */
export const MessageType = {
  video: 0x01,
  jpeg: 0x02,
  tiles: 0x03,
  cursor: 0x04,
  kvm: 0x05,
  ack: 0x10,
  pointer: 0x20,
  wheel: 0x21,
  key: 0x22,
  heldKeys: 0x23,
} as const;

/** The type byte of a binary message. Throws {@link ProtocolError} on an empty one. */
export function messageType(bytes: Uint8Array): number {
  const type = bytes[0];
  if (type === undefined) throw new ProtocolError("truncated", "A binary message is empty.");
  return type;
}

/** A view of the message's bytes, after checking its type and least length. */
export function messageView(bytes: Uint8Array, type: number, minBytes: number, name: string): DataView {
  if (messageType(bytes) !== type) {
    throw new ProtocolError("unknown-type", `A ${name} message has the type byte ${bytes[0]}, not ${type}.`);
  }
  if (bytes.byteLength < minBytes) {
    throw new ProtocolError("truncated", `A ${name} message has ${bytes.byteLength} bytes of at least ${minBytes}.`);
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws unless a message of fixed size has exactly that size. */
export function requireLength(bytes: Uint8Array, exactBytes: number, name: string): void {
  if (bytes.byteLength !== exactBytes) {
    throw new ProtocolError("malformed", `A ${name} message has ${bytes.byteLength} bytes instead of ${exactBytes}.`);
  }
}
