import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Lifetime } from "./lifetime.ts";

/** Pictures that a bench's camera shows in turn; the luma of a block in the middle tells which. */
export const CODES = 8;

/** Luma of the middle of a picture. */
export function codeLuma(code: number): number {
  return 40 + code * 24;
}

/**
 * Writes what a camera sees: a green screen, and in the middle a grey block of half the size whose brightness is the
 * picture's code. Resolves with Chromium's flags for it.
 */
export async function writeCamera(lifetime: Lifetime, width: number, height: number): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-camera-"));
  lifetime.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "camera.y4m");
  const file = createWriteStream(path);
  file.write(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420jpeg\n`);
  for (let code = 0; code < CODES; code += 1) {
    file.write("FRAME\n");
    file.write(picture(width, height, codeLuma(code)));
  }
  file.end();
  await finished(file);
  return [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-video-capture=${path}`,
  ];
}

function picture(width: number, height: number, luma: number): Buffer {
  const [halfWidth, halfHeight] = [width / 2, height / 2];
  const y = Buffer.alloc(width * height, 145);
  const u = Buffer.alloc(halfWidth * halfHeight, 54);
  const v = Buffer.alloc(halfWidth * halfHeight, 34);
  for (let row = height / 4; row < (height * 3) / 4; row += 1) {
    // Not flat: a person's picture is not, and equal neighbours would cost less.
    for (let column = width / 4; column < (width * 3) / 4; column += 1) {
      const isMiddle = Math.abs(row - halfHeight) < 40 && Math.abs(column - halfWidth) < 40;
      y[row * width + column] = isMiddle ? luma : 60 + ((row * 7 + column * 13) % 120);
    }
  }
  for (let row = height / 8; row < (height * 3) / 8; row += 1) {
    u.fill(128, row * halfWidth + width / 8, row * halfWidth + (width * 3) / 8);
    v.fill(128, row * halfWidth + width / 8, row * halfWidth + (width * 3) / 8);
  }
  return Buffer.concat([y, u, v]);
}
