import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type colorAt, videoFrame } from "./studio-pictures.ts";

/** A file that Chromium plays as a camera. */
export type FakeCamera = { readonly args: readonly string[]; close(): Promise<void> };

export type FakeCameraOptions = {
  readonly width: number;
  readonly height: number;
  readonly fps?: number;
  /** Colour of a pixel in each picture; the pictures repeat. */
  readonly pictures: ReadonlyArray<typeof colorAt>;
};

/** Writes the pictures as y4m and gives Chromium's flags for a camera that shows them, allowed without asking. */
export async function makeFakeCamera({ width, height, fps = 30, pictures }: FakeCameraOptions): Promise<FakeCamera> {
  const folder = await mkdtemp(join(tmpdir(), "sightline-camera-"));
  const file = join(folder, "camera.y4m");
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`)];
  for (const color of pictures) {
    parts.push(Buffer.from("FRAME\n"), Buffer.from(videoFrame(width, height, { color, matrix: "smpte170m" }).bytes));
  }
  await writeFile(file, Buffer.concat(parts));
  return {
    args: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${file}`,
    ],
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
