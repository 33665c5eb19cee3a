/**
 * The binary frames of the legacy KVM wire, as its browser client reads them. All numbers are little-endian.
 *
 * | offset | seed frame | raw RGBA | raw RGB (inside JSON) |
 * |---|---|---|---|
 * | 0 | AA BB, then 01 keyframe or 02 inter frame | "RGBA" | AA BB 01 |
 * | 3 / 4 / 3 | u32 width | u32 width | u32 width |
 * | 7 / 8 / 7 | u32 height | u32 height | u32 height |
 * | 11 / 12 / - | u64 frame number | u64 frame number | |
 * | 19 / 20 / 11 | u32 payload bytes | u32 payload bytes | u32 payload bytes |
 * | 23 / 24 / 15 | payload | payload | payload |
 */
export type LegacyFrame = { readonly width: number; readonly height: number; readonly payloadBytes: number };

/** Bytes before the payload of a seed frame. */
export const SEED_HEADER_BYTES = 23;

/** Bytes before the payload of a raw RGBA frame. */
export const RGBA_HEADER_BYTES = 24;

/** Bytes before the payload of a raw RGB frame. */
export const RGB_HEADER_BYTES = 15;

const MAGIC = [0xaa, 0xbb] as const;
const KEYFRAME = 1;
const INTER_FRAME = 2;
const RGBA_MAGIC = [0x52, 0x47, 0x42, 0x41] as const;

/** Writes a seed frame's header; `frame` counts its frames and is never read by the client. */
export function writeSeedHeader(
  target: Uint8Array,
  offset: number,
  frame: LegacyFrame & { readonly keyframe: boolean; readonly frame: number },
): void {
  const view = viewOf(target, offset);
  target.set([...MAGIC, frame.keyframe ? KEYFRAME : INTER_FRAME], offset);
  view.setUint32(3, frame.width, true);
  view.setUint32(7, frame.height, true);
  view.setBigUint64(11, BigInt(frame.frame), true);
  view.setUint32(19, frame.payloadBytes, true);
}

/** Writes a raw RGBA frame's header. */
export function writeRgbaHeader(
  target: Uint8Array,
  offset: number,
  frame: LegacyFrame & { readonly frame: number },
): void {
  const view = viewOf(target, offset);
  target.set(RGBA_MAGIC, offset);
  view.setUint32(4, frame.width, true);
  view.setUint32(8, frame.height, true);
  view.setBigUint64(12, BigInt(frame.frame), true);
  view.setUint32(20, frame.payloadBytes, true);
}

/** Writes a raw RGB frame's header. */
export function writeRgbHeader(target: Uint8Array, offset: number, frame: LegacyFrame): void {
  const view = viewOf(target, offset);
  target.set([...MAGIC, KEYFRAME], offset);
  view.setUint32(3, frame.width, true);
  view.setUint32(7, frame.height, true);
  view.setUint32(11, frame.payloadBytes, true);
}

/** Whether a message is a seed frame that calls itself a keyframe. */
export function isSeedKeyframe(message: Uint8Array): boolean {
  return message[0] === MAGIC[0] && message[1] === MAGIC[1] && message[2] === KEYFRAME;
}

/** What stands before and after the base64 text of a raw RGB frame in its JSON message. */
export const JSON_FRAME = { prefix: '{"type":"video_frame","codec":"vp8","data":"', suffix: '"}' } as const;

function viewOf(target: Uint8Array, offset: number): DataView {
  return new DataView(target.buffer, target.byteOffset + offset);
}
