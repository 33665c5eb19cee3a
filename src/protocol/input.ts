import { ProtocolError } from "../base/index.ts";
import { MAX_HELD_KEYS } from "./limits.ts";
import { MessageType, messageType, messageView, requireLength } from "./message-type.ts";

/**
 * Input messages, viewer to hub to agent. All share a header (little-endian): u8 type, u8 flags, u16 small, u32 viewer
 * (0 from a viewer; the hub writes the sender's number over it), u32 sequence (counts up by one per viewer), u32 source.
 *
 * | type | flags | small | after the header (offset 16) |
 * |---|---|---|---|
 * | 0x20 pointer | bit 0 relative | buttons held: 1 left, 2 right, 4 middle, 8 back, 16 forward | i32 x, i32 y |
 * | 0x21 wheel | 0 | 0 | i32 x, i32 y in 1/120 of a notch, positive right and down |
 * | 0x22 key | bit 0 down, bit 1 auto-repeat | HID usage of the key, page 7; 0 unknown | u32 code point it means in the viewer's layout, 0 none; u32 modifiers |
 * | 0x23 held keys | 0 | count n, at most 32 | n x u16 HID usages still held; the agent releases every other key |
 *
 * Absolute x and y are pixels of the source; relative ones are the sums of all motion since the viewer took control, so a
 * message that was skipped loses nothing. Modifiers: 1 shift, 2 control, 4 alt, 8 meta, 16 AltGraph, 32 caps lock, 64 num lock.
 */
export type InputHeader = { readonly viewer: number; readonly sequence: number; readonly source: number };

export type PointerInput = InputHeader & {
  readonly kind: "pointer";
  readonly relative: boolean;
  readonly buttons: number;
  readonly x: number;
  readonly y: number;
};

export type WheelInput = InputHeader & { readonly kind: "wheel"; readonly x: number; readonly y: number };

export type KeyInput = InputHeader & {
  readonly kind: "key";
  readonly down: boolean;
  readonly repeat: boolean;
  readonly usage: number;
  readonly codePoint: number;
  readonly modifiers: number;
};

export type HeldKeysInput = InputHeader & { readonly kind: "held-keys"; readonly usages: readonly number[] };

export type Input = PointerInput | WheelInput | KeyInput | HeldKeysInput;

/** Bits of {@link PointerInput.buttons}, in the order of the DOM's `MouseEvent.buttons`. */
export const PointerButton = { left: 1, right: 2, middle: 4, back: 8, forward: 16 } as const;

/** Bits of {@link KeyInput.modifiers}. */
export const Modifier = { shift: 1, control: 2, alt: 4, meta: 8, altGraph: 16, capsLock: 32, numLock: 64 } as const;

const HEADER_BYTES = 16;
const FIXED_BYTES = 24;
const VIEWER_OFFSET = 4;
const ALL_BUTTONS = 31;
const MAX_CODE_POINT = 0x10ffff;

export function encodeInput(input: Input): Uint8Array<ArrayBuffer> {
  const held = input.kind === "held-keys" ? input.usages : [];
  const bytes = input.kind === "held-keys" ? HEADER_BYTES + held.length * 2 : FIXED_BYTES;
  const message = new Uint8Array(bytes);
  const view = new DataView(message.buffer);
  view.setUint32(VIEWER_OFFSET, input.viewer, true);
  view.setUint32(8, input.sequence, true);
  view.setUint32(12, input.source, true);
  switch (input.kind) {
    case "pointer":
      view.setUint8(0, MessageType.pointer);
      view.setUint8(1, input.relative ? 1 : 0);
      view.setUint16(2, input.buttons, true);
      writePair(view, input.x, input.y);
      break;
    case "wheel":
      view.setUint8(0, MessageType.wheel);
      writePair(view, input.x, input.y);
      break;
    case "key":
      view.setUint8(0, MessageType.key);
      view.setUint8(1, (input.down ? 1 : 0) | (input.repeat ? 2 : 0));
      view.setUint16(2, input.usage, true);
      view.setUint32(16, input.codePoint, true);
      view.setUint32(20, input.modifiers, true);
      break;
    case "held-keys":
      if (held.length > MAX_HELD_KEYS)
        throw new RangeError(`At most ${MAX_HELD_KEYS} keys can be held, not ${held.length}.`);
      view.setUint8(0, MessageType.heldKeys);
      view.setUint16(2, held.length, true);
      for (const [index, usage] of held.entries()) view.setUint16(HEADER_BYTES + index * 2, usage, true);
      break;
  }
  return message;
}

/** Whether the type byte is one of the input messages. */
export function isInputType(type: number): boolean {
  return type >= MessageType.pointer && type <= MessageType.heldKeys;
}

/** Reads an input message of any kind. Throws {@link ProtocolError}. */
export function decodeInput(message: Uint8Array): Input {
  const type = messageType(message);
  if (!isInputType(type)) throw new ProtocolError("unknown-type", `The type byte ${type} is not an input message.`);
  const view = messageView(message, type, HEADER_BYTES, "input");
  const header = {
    viewer: view.getUint32(VIEWER_OFFSET, true),
    sequence: view.getUint32(8, true),
    source: view.getUint32(12, true),
  };
  if (type === MessageType.heldKeys) return { kind: "held-keys", ...header, usages: readHeldKeys(message, view) };
  requireLength(message, FIXED_BYTES, "input");
  const flags = view.getUint8(1);
  const small = view.getUint16(2, true);
  if (type === MessageType.key) return readKey(view, header, flags, small);
  const x = view.getInt32(16, true);
  const y = view.getInt32(20, true);
  if (type === MessageType.wheel) return { kind: "wheel", ...header, x, y };
  if (small > ALL_BUTTONS) throw new ProtocolError("malformed", `A pointer message holds unknown buttons (${small}).`);
  return { kind: "pointer", ...header, relative: (flags & 1) !== 0, buttons: small, x, y };
}

/** Writes the number of the sending viewer over the one in the message, so that no viewer can speak for another. */
export function stampInputViewer(message: Uint8Array, viewer: number): void {
  new DataView(message.buffer, message.byteOffset, message.byteLength).setUint32(VIEWER_OFFSET, viewer, true);
}

function writePair(view: DataView, x: number, y: number): void {
  view.setInt32(16, x, true);
  view.setInt32(20, y, true);
}

function readKey(view: DataView, header: InputHeader, flags: number, usage: number): KeyInput {
  const codePoint = view.getUint32(16, true);
  if (codePoint > MAX_CODE_POINT || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    throw new ProtocolError("malformed", `A key means ${codePoint}, which is not a Unicode scalar value.`);
  }
  return {
    kind: "key",
    ...header,
    down: (flags & 1) !== 0,
    repeat: (flags & 2) !== 0,
    usage,
    codePoint,
    modifiers: view.getUint32(20, true),
  };
}

function readHeldKeys(message: Uint8Array, view: DataView): number[] {
  const count = view.getUint16(2, true);
  if (count > MAX_HELD_KEYS)
    throw new ProtocolError("too-large", `${count} keys are held; the limit is ${MAX_HELD_KEYS}.`);
  requireLength(message, HEADER_BYTES + count * 2, "held-keys");
  return Array.from({ length: count }, (_, index) => view.getUint16(HEADER_BYTES + index * 2, true));
}
