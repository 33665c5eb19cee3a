/** Marks the comment in which a picture carries when it was sent. */
const MARK = "SENT";
const STAMP_BYTES = 4 + MARK.length + 20;

/** The JPEG with the time in its first segment, a comment; decoders skip it, and copies keep it. */
export function stampJpeg(jpeg: Buffer, sentUs: number): Buffer {
  const stamped = Buffer.allocUnsafe(jpeg.byteLength + STAMP_BYTES);
  stamped.writeUInt16BE(0xffd8, 0);
  stamped.writeUInt16BE(0xfffe, 2);
  stamped.writeUInt16BE(STAMP_BYTES - 2, 4);
  stamped.write(MARK + String(Math.round(sentUs)).padStart(20, "0"), 6, "latin1");
  jpeg.copy(stamped, 2 + STAMP_BYTES, 2);
  return stamped;
}

/** When the picture was sent, of the machine's monotonic clock; undefined where it was encoded anew on its way. */
export function readStamp(head: Buffer): number | undefined {
  const text = head.toString("latin1", 6, 6 + MARK.length + 20);
  return text.startsWith(MARK) ? Number(text.slice(MARK.length)) : undefined;
}

/** The first bytes of a JPEG that `readStamp` needs. */
export const STAMPED_HEAD_BYTES = 2 + STAMP_BYTES;
