import { execFileSync } from "node:child_process";

/** Marks the comment in which a picture carries when it was sent. */
const MARK = "SENT";
const STAMP_BYTES = 4 + MARK.length + 20;

/** Pictures of FFmpeg's moving test pattern as JPEGs. */
export function testJpegs(width: number, height: number, count: number): Buffer[] {
  const input = ["-f", "lavfi", "-i", `testsrc2=size=${width}x${height}:rate=10`, "-frames:v", String(count)];
  const args = ["-v", "error", ...input, "-pix_fmt", "yuvj420p", "-q:v", "5", "-f", "image2pipe", "-c:v", "mjpeg", "-"];
  const bytes = execFileSync("ffmpeg", args, { maxBuffer: 1 << 28 });
  const starts: number[] = [];
  for (let at = bytes.indexOf("ffd8ff", 0, "hex"); at >= 0; at = bytes.indexOf("ffd8ff", at + 3, "hex"))
    starts.push(at);
  return starts.map((start, index) => bytes.subarray(start, starts[index + 1]));
}

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
