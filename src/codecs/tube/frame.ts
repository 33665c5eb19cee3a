/**
 * Tube frame layout (all integers big-endian), as existing tubes speak it:
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 4 | connection number, u32; 0 carries control messages |
 * | 4 | 8 | timestamp, u64: Unix time of the frame's creation in milliseconds; receivers do not act on it |
 * | 12 | 4 | payload length n, u32 |
 * | 16 | n | payload, any bytes |
 * | 16 + n | 1 | terminator `;` |
 */
export const TUBE_HEADER_BYTES = 16;

/** What a frame costs beyond its payload: header and terminator. */
export const TUBE_OVERHEAD_BYTES = 17;

/** The `;` behind every payload. */
export const TUBE_TERMINATOR = 0x3b;

/** The connection number that carries control messages. */
export const CONTROL_CONNECTION = 0;

/** The largest data channel message that an existing tube advertises. */
export const MAX_TUBE_MESSAGE_BYTES = 65_536;

/** The largest payload whose frame still fits one data channel message; senders cut at this. */
export const MAX_SENT_PAYLOAD_BYTES = MAX_TUBE_MESSAGE_BYTES - TUBE_OVERHEAD_BYTES;

/**
 * The largest payload a reader accepts unless told otherwise. Existing tubes send up to 65 536 bytes of a socket at once
 * and cannot get messages of more than about 96 KiB through, so this refuses nothing that works.
 */
export const MAX_RECEIVED_PAYLOAD_BYTES = 131_072;

// A call of `set` costs more than the loop up to about this many bytes.
const LOOP_COPY_BYTES = 20;

/**
 * Writes a frame at `offset` of a kept buffer, copying `payload` into it, and returns the offset behind the frame.
 * `payload` must not overlap the header's place. Throws RangeError when the frame does not fit or a number is out of
 * its field's range.
 */
export function encodeTubeFrame(
  target: Uint8Array,
  offset: number,
  connection: number,
  timestampMs: number,
  payload: Uint8Array,
): number {
  const length = payload.length;
  const end = sealTubeFrame(target, offset, connection, timestampMs, length);
  const start = offset + TUBE_HEADER_BYTES;
  if (length > LOOP_COPY_BYTES) target.set(payload, start);
  else for (let index = 0; index < length; index += 1) target[start + index] = payload[index] as number;
  return end;
}

/**
 * Writes header and terminator around `payloadBytes` bytes that already lie (or will be put) at `offset + 16` of
 * `target`, so that a socket can read straight into its frame. Returns the offset behind the frame. Throws RangeError
 * like {@link encodeTubeFrame}.
 */
export function sealTubeFrame(
  target: Uint8Array,
  offset: number,
  connection: number,
  timestampMs: number,
  payloadBytes: number,
): number {
  const terminator = offset + TUBE_HEADER_BYTES + payloadBytes;
  if (!(offset >= 0 && payloadBytes >= 0 && terminator < target.length)) {
    throw new RangeError(`A frame of ${payloadBytes} bytes at ${offset} does not fit ${target.length} bytes.`);
  }
  if (connection >>> 0 !== connection) throw new RangeError(`A connection number cannot be ${connection}.`);
  if (!(timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`A timestamp cannot be ${timestampMs} ms.`);
  }
  const high = Math.floor(timestampMs * 2 ** -32);
  const low = timestampMs >>> 0;
  target[offset] = connection >>> 24;
  target[offset + 1] = connection >>> 16;
  target[offset + 2] = connection >>> 8;
  target[offset + 3] = connection;
  target[offset + 4] = high >>> 24;
  target[offset + 5] = high >>> 16;
  target[offset + 6] = high >>> 8;
  target[offset + 7] = high;
  target[offset + 8] = low >>> 24;
  target[offset + 9] = low >>> 16;
  target[offset + 10] = low >>> 8;
  target[offset + 11] = low;
  target[offset + 12] = payloadBytes >>> 24;
  target[offset + 13] = payloadBytes >>> 16;
  target[offset + 14] = payloadBytes >>> 8;
  target[offset + 15] = payloadBytes;
  target[terminator] = TUBE_TERMINATOR;
  return terminator + 1;
}
