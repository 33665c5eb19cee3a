import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SECONDS = 3;

/**
 * Makes an effect as people use them: 720p at 30 pictures a second, a textured box that goes along the upper edge of a green
 * screen. Resolves with the bytes of a WebM file.
 */
export async function makeKeyedClip(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "bench-clip-"));
  try {
    const file = join(folder, "clip.webm");
    const result = spawnSync("ffmpeg", [
      ...["-v", "error", "-y"],
      ...["-f", "lavfi", "-i", `color=0x00be00:s=1280x720:r=30:d=${SECONDS},format=yuv420p`],
      ...["-f", "lavfi", "-i", `testsrc2=s=320x180:r=30:d=${SECONDS},format=yuv420p`],
      ...["-filter_complex", `overlay=x=t*960/${SECONDS}:y=40`],
      ...["-c:v", "libvpx", "-b:v", "4M", "-deadline", "realtime", "-auto-alt-ref", "0", "-pix_fmt", "yuv420p", file],
    ]);
    if (result.status !== 0) throw new Error(`ffmpeg made no clip: ${result.stderr.toString()}`);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
