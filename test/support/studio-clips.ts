import { spawnSync } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export type ClipOptions = {
  readonly width: number;
  readonly height: number;
  /** Transparent instead of green. */
  readonly alpha?: boolean;
  /** The bar is red in the first half of the clip, which is longer then. */
  readonly changes?: boolean;
};

/** Makes a short clip with a green screen and a white bar at its lower edge. Resolves with the bytes of a WebM file. */
export async function makeClip(folder: string, options: ClipOptions): Promise<Buffer> {
  const file = join(folder, "clip.webm");
  writeClip(file, options, ["-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-auto-alt-ref", "0"]);
  const bytes = await readFile(file);
  await rm(file);
  return bytes;
}

/** Writes such a clip to a file, coded as told. */
export function writeClip(
  file: string,
  { width, height, alpha = false, changes = false }: ClipOptions,
  codec: readonly string[],
): void {
  const bar = Math.round(height / 8);
  const seconds = changes ? 3 : 1.2;
  const screen = alpha ? "black@0" : "0x28b43c";
  const box = (color: string, when: string) => `drawbox=y=ih-${bar}:h=${bar}:t=fill:replace=1:color=${color}${when}`;
  const boxes = [box("0xebebeb", "")];
  if (changes) boxes.push(box("0xc83c32", `:enable='lt(t,${seconds / 2})'`));
  const result = spawnSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi"],
    ...[
      "-i",
      `color=${screen}:s=${width}x${height}:r=30:d=${seconds},format=${alpha ? "yuva420p" : "yuv420p"},${boxes}`,
    ],
    ...[...codec, "-pix_fmt", alpha ? "yuva420p" : "yuv420p", file],
  ]);
  if (result.status !== 0) throw new Error(`ffmpeg made no clip: ${result.stderr.toString()}`);
}

/** A small PNG of one colour, as ffmpeg names it. */
export function makePicture(color: string): Buffer {
  const result = spawnSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", `color=${color}:s=320x180,format=rgb24`],
    ...["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"],
  ]);
  if (result.status !== 0) throw new Error(`ffmpeg made no picture: ${result.stderr.toString()}`);
  return result.stdout;
}
