import { ProtocolError } from "../base/index.ts";
import { MAX_CURSOR_EDGE } from "./limits.ts";
import { MessageType, messageView, requireLength } from "./message-type.ts";

/**
 * Cursor message: the shape of a source's mouse pointer. The viewer draws it; pictures never contain it.
 * Layout (little-endian): u8 type 4, u8 flags (bit 0 visible), u16 reserved 0, u32 source, u16 width, u16 height,
 * u16 hotspot x, u16 hotspot y, then width x height pixels R G B A with straight (not premultiplied) alpha, row by row.
 * A hidden cursor has width and height 0.
 */
export type Cursor = {
  readonly source: number;
  readonly visible: boolean;
  readonly width: number;
  readonly height: number;
  readonly hotspotX: number;
  readonly hotspotY: number;
  readonly rgba: Uint8Array;
};

const HEADER_BYTES = 16;
const SOURCE_OFFSET = 4;

export function encodeCursor(cursor: Cursor): Uint8Array<ArrayBuffer> {
  if (cursor.rgba.byteLength !== cursor.width * cursor.height * 4) {
    throw new RangeError(`A ${cursor.width}x${cursor.height} cursor needs ${cursor.width * cursor.height * 4} bytes.`);
  }
  const message = new Uint8Array(HEADER_BYTES + cursor.rgba.byteLength);
  const view = new DataView(message.buffer);
  view.setUint8(0, MessageType.cursor);
  view.setUint8(1, cursor.visible ? 1 : 0);
  view.setUint32(SOURCE_OFFSET, cursor.source, true);
  view.setUint16(8, cursor.width, true);
  view.setUint16(10, cursor.height, true);
  view.setUint16(12, cursor.hotspotX, true);
  view.setUint16(14, cursor.hotspotY, true);
  message.set(cursor.rgba, HEADER_BYTES);
  return message;
}

/** Reads a cursor message; `rgba` is a view of it. Throws {@link ProtocolError}. */
export function decodeCursor(message: Uint8Array): Cursor {
  const view = messageView(message, MessageType.cursor, HEADER_BYTES, "cursor");
  const width = view.getUint16(8, true);
  const height = view.getUint16(10, true);
  if (width > MAX_CURSOR_EDGE || height > MAX_CURSOR_EDGE) {
    throw new ProtocolError("too-large", `A cursor is ${width}x${height}; the limit is ${MAX_CURSOR_EDGE} pixels.`);
  }
  requireLength(message, HEADER_BYTES + width * height * 4, "cursor");
  return {
    source: view.getUint32(SOURCE_OFFSET, true),
    visible: (view.getUint8(1) & 1) !== 0,
    width,
    height,
    hotspotX: view.getUint16(12, true),
    hotspotY: view.getUint16(14, true),
    rgba: message.subarray(HEADER_BYTES),
  };
}
