import { spawnSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Makes a short clip with a green screen and a white bar at its lower edge. Resolves with the bytes of a WebM file. */
export async function makeGreenClip(
  folder: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Buffer> {
  const file = join(folder, "clip.webm");
  const bar = Math.round(height / 8);
  const result = spawnSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi"],
    ...["-i", `color=0x28b43c:s=${width}x${height}:r=30:d=1.2,drawbox=y=ih-${bar}:h=${bar}:t=fill:color=0xebebeb`],
    ...["-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-pix_fmt", "yuv420p", file],
  ]);
  if (result.status !== 0) throw new Error(`ffmpeg made no clip: ${result.stderr.toString()}`);
  const bytes = await readFile(file);
  await rm(file);
  return bytes;
}
