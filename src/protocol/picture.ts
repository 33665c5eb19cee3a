import { ProtocolError, type Rect } from "../base/index.ts";
import { MAX_DIMENSION, MAX_PICTURE_RECTS } from "./limits.ts";
import { MessageType, messageType, messageView } from "./message-type.ts";

/**
 * Picture message: one encoded picture of a rung, with the rectangles that changed and the times of every stage so far.
 * Layout (little-endian):
 *
 * | offset | type | field |
 * |---|---|---|
 * | 0 | u8 | type: 1 video (H.264 access unit, Annex B), 2 JPEG, 3 tiles, 5 a message of the legacy KVM wire |
 * | 1 | u8 | flags: bit 0 keyframe (whole picture, needs nothing earlier), bit 1 intra (video that decodes by itself), bit 2 window (the first rectangle says which part of the picture the video is) |
 * | 2 | u16 | number of rectangles n, the window included |
 * | 4 | u32 | rung |
 * | 8 | u32 | sequence, counts up by one per picture of the rung, modulo 2^32 |
 * | 12 | u16, u16 | width, height of the whole picture in pixels |
 * | 16 | u32 | viewer whose input was injected last before the grab, 0 when none was |
 * | 20 | u32 | sequence of that input |
 * | 24 | f64 | change: agent's monotonic clock at the damage event, microseconds |
 * | 32 | u32 | injection of that input until the change, microseconds; 0xffffffff when unknown |
 * | 36 | u32 | change until the grab began, microseconds |
 * | 40 | u32 | grab, microseconds |
 * | 44 | u32 | pixel conversion, microseconds |
 * | 48 | u32 | encode, microseconds |
 * | 52 | u32 | encode done until written to the agent's link, microseconds |
 * | 56 | f64 | hub's monotonic clock when it received the picture, microseconds; 0 from the agent |
 * | 64 | n x 4 u16 | x, y, width, height of the window, if there is one, and of each changed rectangle, in pixels of the picture |
 * | 64 + 8 n | | payload |
 */
export type PictureHeader = {
  readonly kind: PictureKind;
  /** Covers the whole picture and needs no earlier one: a viewer can join here. */
  readonly keyframe: boolean;
  /** The video decodes without earlier video, though its rectangles may be a part only. Set on every video keyframe. */
  readonly intra: boolean;
  readonly rung: number;
  readonly sequence: number;
  readonly width: number;
  readonly height: number;
  readonly inputViewer: number;
  readonly inputSequence: number;
  readonly changeUs: number;
  /** Undefined where no input preceded the change. */
  readonly inputToChangeUs: number | undefined;
  readonly waitUs: number;
  readonly grabUs: number;
  readonly convertUs: number;
  readonly encodeUs: number;
  readonly sendUs: number;
  readonly hubUs: number;
  /** What changed; inside the window where there is one. */
  readonly rects: readonly Rect[];
  /** The part of the picture that the decoded video shows; the whole picture when left out. */
  readonly window?: Rect;
};

/** How the payload is encoded; tiles reproduce the source exactly, and so do most messages of the legacy KVM wire. */
export type PictureKind = "video" | "jpeg" | "tiles" | "kvm";

/** A decoded picture message; `payload` is a view of the message, valid as long as that is. */
export type Picture = PictureHeader & { readonly payload: Uint8Array };

const HEADER_BYTES = 64;
const RECT_BYTES = 8;
const SEND_OFFSET = 52;
const HUB_TIME_OFFSET = 56;
const UNKNOWN_US = 0xffffffff;
const KEYFRAME_FLAG = 1;
const INTRA_FLAG = 2;
const WINDOW_FLAG = 4;

const KIND_BY_TYPE: ReadonlyMap<number, PictureKind> = new Map([
  [MessageType.video, "video"],
  [MessageType.jpeg, "jpeg"],
  [MessageType.tiles, "tiles"],
  [MessageType.kvm, "kvm"],
]);

/** Bytes before the payload of a picture with `rectCount` rectangles, the window included. */
export function pictureHeaderBytes(rectCount: number): number {
  return HEADER_BYTES + rectCount * RECT_BYTES;
}

/** Writes the header at the start of `message`, whose rest the caller fills with the payload. */
export function writePictureHeader(message: Uint8Array, header: PictureHeader): void {
  const rects = header.window === undefined ? header.rects : [header.window, ...header.rects];
  if (rects.length > MAX_PICTURE_RECTS) {
    throw new RangeError(`A picture takes at most ${MAX_PICTURE_RECTS} rectangles, not ${rects.length}.`);
  }
  const windowFlag = header.window === undefined ? 0 : WINDOW_FLAG;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  view.setUint8(0, MessageType[header.kind]);
  view.setUint8(1, (header.keyframe ? KEYFRAME_FLAG : 0) | (header.intra ? INTRA_FLAG : 0) | windowFlag);
  view.setUint16(2, rects.length, true);
  view.setUint32(4, header.rung, true);
  view.setUint32(8, header.sequence, true);
  view.setUint16(12, header.width, true);
  view.setUint16(14, header.height, true);
  view.setUint32(16, header.inputViewer, true);
  view.setUint32(20, header.inputSequence, true);
  view.setFloat64(24, header.changeUs, true);
  view.setUint32(32, header.inputToChangeUs === undefined ? UNKNOWN_US : clampUs(header.inputToChangeUs), true);
  view.setUint32(36, clampUs(header.waitUs), true);
  view.setUint32(40, clampUs(header.grabUs), true);
  view.setUint32(44, clampUs(header.convertUs), true);
  view.setUint32(48, clampUs(header.encodeUs), true);
  view.setUint32(SEND_OFFSET, clampUs(header.sendUs), true);
  view.setFloat64(HUB_TIME_OFFSET, header.hubUs, true);
  let offset = HEADER_BYTES;
  for (const rect of rects) {
    view.setUint16(offset, rect.x, true);
    view.setUint16(offset + 2, rect.y, true);
    view.setUint16(offset + 4, rect.width, true);
    view.setUint16(offset + 6, rect.height, true);
    offset += RECT_BYTES;
  }
}

/** A whole picture message; copies the payload once. */
export function encodePicture(header: PictureHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const payloadOffset = pictureHeaderBytes(header.rects.length + (header.window === undefined ? 0 : 1));
  const message = new Uint8Array(payloadOffset + payload.byteLength);
  writePictureHeader(message, header);
  message.set(payload, payloadOffset);
  return message;
}

/** Reads a picture message. Throws {@link ProtocolError} on anything that breaks the layout or its limits. */
export function decodePicture(message: Uint8Array): Picture {
  const { kind, view } = pictureView(message);
  const rectCount = view.getUint16(2, true);
  const payloadOffset = pictureHeaderBytes(rectCount);
  if (rectCount > MAX_PICTURE_RECTS) {
    throw new ProtocolError("too-large", `A picture has ${rectCount} rectangles; the limit is ${MAX_PICTURE_RECTS}.`);
  }
  if (message.byteLength <= payloadOffset) {
    throw new ProtocolError("truncated", `A picture of ${message.byteLength} bytes ends before its payload.`);
  }
  const width = readDimension(view, 12);
  const height = readDimension(view, 14);
  const inputToChangeUs = view.getUint32(32, true);
  const keyframe = (view.getUint8(1) & KEYFRAME_FLAG) !== 0;
  const hasWindow = (view.getUint8(1) & WINDOW_FLAG) !== 0;
  const rects = readRects(view, rectCount, width, height);
  const window = hasWindow ? readWindow(rects, keyframe) : undefined;
  return {
    kind,
    keyframe,
    intra: (view.getUint8(1) & INTRA_FLAG) !== 0,
    rung: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    width,
    height,
    inputViewer: view.getUint32(16, true),
    inputSequence: view.getUint32(20, true),
    changeUs: view.getFloat64(24, true),
    inputToChangeUs: inputToChangeUs === UNKNOWN_US ? undefined : inputToChangeUs,
    waitUs: view.getUint32(36, true),
    grabUs: view.getUint32(40, true),
    convertUs: view.getUint32(44, true),
    encodeUs: view.getUint32(48, true),
    sendUs: view.getUint32(SEND_OFFSET, true),
    hubUs: view.getFloat64(HUB_TIME_OFFSET, true),
    rects,
    ...(window === undefined ? {} : { window }),
    payload: message.subarray(payloadOffset),
  };
}

/** What the hub needs to forward a picture without decoding it. */
export type PictureRoute = { readonly rung: number; readonly sequence: number; readonly keyframe: boolean };

/** Reads the routing fields only. Throws {@link ProtocolError} on a message too short for a header. */
export function readPictureRoute(message: Uint8Array): PictureRoute {
  const { view } = pictureView(message);
  return {
    rung: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    keyframe: (view.getUint8(1) & KEYFRAME_FLAG) !== 0,
  };
}

/** Whether the type byte is one of the picture messages. */
export function isPictureType(type: number): boolean {
  return KIND_BY_TYPE.has(type);
}

/** Puts the hub's receive time into the message itself, so that one buffer serves every viewer. */
export function stampHubTime(message: Uint8Array, hubUs: number): void {
  messageDataView(message).setFloat64(HUB_TIME_OFFSET, hubUs, true);
}

/** Puts the time between the end of encoding and the write to the link into the message. */
export function stampSendDelay(message: Uint8Array, sendUs: number): void {
  messageDataView(message).setUint32(SEND_OFFSET, clampUs(sendUs), true);
}

function pictureView(message: Uint8Array): { kind: PictureKind; view: DataView } {
  const type = messageType(message);
  const kind = KIND_BY_TYPE.get(type);
  if (kind === undefined) throw new ProtocolError("unknown-type", `The type byte ${type} is not a picture message.`);
  return { kind, view: messageView(message, type, HEADER_BYTES, "picture") };
}

function messageDataView(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

function clampUs(us: number): number {
  return Math.min(UNKNOWN_US - 1, Math.max(0, Math.round(us)));
}

function readDimension(view: DataView, offset: number): number {
  const value = view.getUint16(offset, true);
  if (value < 1 || value > MAX_DIMENSION) {
    throw new ProtocolError(
      "malformed",
      `A picture is ${value} pixels wide or high; 1 to ${MAX_DIMENSION} is allowed.`,
    );
  }
  return value;
}

/** Takes the window off the list. */
function readWindow(rects: Rect[], keyframe: boolean): Rect {
  const window = rects.shift();
  if (window === undefined || keyframe) {
    throw new ProtocolError("malformed", "A picture with a window is no keyframe and says where the window is.");
  }
  const outside = rects.find(({ x, y, width, height }) => {
    const inside = x >= window.x && x + width <= window.x + window.width;
    return !inside || y < window.y || y + height > window.y + window.height;
  });
  if (outside === undefined) return window;
  const { x, y, width, height } = outside;
  throw new ProtocolError(
    "malformed",
    `The rectangle ${width}x${height}+${x}+${y} lies outside of its picture's window.`,
  );
}

function readRects(view: DataView, count: number, width: number, height: number): Rect[] {
  const rects: Rect[] = [];
  for (let index = 0; index < count; index += 1) {
    const offset = HEADER_BYTES + index * RECT_BYTES;
    const rect = {
      x: view.getUint16(offset, true),
      y: view.getUint16(offset + 2, true),
      width: view.getUint16(offset + 4, true),
      height: view.getUint16(offset + 6, true),
    };
    if (rect.width < 1 || rect.height < 1 || rect.x + rect.width > width || rect.y + rect.height > height) {
      throw new ProtocolError(
        "malformed",
        `The rectangle ${rect.width}x${rect.height}+${rect.x}+${rect.y} does not fit a ${width}x${height} picture.`,
      );
    }
    rects.push(rect);
  }
  return rects;
}
