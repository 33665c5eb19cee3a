import { execFileSync } from "node:child_process";

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
