import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { DEFAULT_KEY, keyTable } from "../../dist/codecs/key/index.js";

/**
 * FFmpeg's chromakey measures U and V in the video's own matrix, divides by 255 √2 where the key here divides by 255, takes
 * the mean over 3x3 pixels, and has a straight ramp where this one is to the power of 1.5, as in OBS. On flat patches of
 * BT.709 video nothing else is left.
 */
it("agrees with FFmpeg's chromakey on flat colours, but for the shape of the ramp", () => {
  const patch = 16;
  const chromas = Array.from({ length: 16 }, (_, i) => 24 + i * 14);
  const size = patch * chromas.length;
  const luma = Buffer.alloc(size * size, 120);
  const [u, v] = [Buffer.alloc((size * size) / 4), Buffer.alloc((size * size) / 4)];
  for (let y = 0; y < size / 2; y += 1) {
    for (let x = 0; x < size / 2; x += 1) {
      u[(y * size) / 2 + x] = chromas[Math.floor((x * 2) / patch)] as number;
      v[(y * size) / 2 + x] = chromas[Math.floor((y * 2) / patch)] as number;
    }
  }
  const settings = {
    ...DEFAULT_KEY,
    mode: "chroma",
    similarity: 0.2,
    smoothness: 0.25,
    colors: [[0, 255, 0]],
  } as const;
  // Pure green in limited-range BT.709.
  const key = `0x${[173, 42, 26].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  const [similarity, blend] = [settings.similarity / Math.SQRT2, settings.smoothness / Math.SQRT2];
  const result = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${size}x${size}`, "-i", "-"],
      ...["-vf", `format=yuva420p,chromakey=${key}:${similarity}:${blend}:yuv=1`],
      ...["-f", "rawvideo", "-pix_fmt", "yuva420p", "-"],
    ],
    { input: Buffer.concat([luma, u, v]), maxBuffer: 1 << 24 },
  );
  expect(result.stderr.toString()).toBe("");
  const alpha = result.stdout.subarray((size * size * 3) / 2);
  expect(alpha).toHaveLength(size * size);
  const table = keyTable(settings, "bt709", false);
  let partial = 0;
  chromas.forEach((uValue, column) => {
    chromas.forEach((vValue, row) => {
      const theirs = (alpha[(row * patch + patch / 2) * size + column * patch + patch / 2] as number) / 255;
      const ours = ((table[uValue | (vValue << 8)] as number) & 255) / 255;
      if (ours > 0 && ours < 1) partial += 1;
      expect(Math.abs(ours - theirs ** 1.5), `U ${uValue}, V ${vValue}`).toBeLessThan(0.02);
    });
  });
  expect(partial).toBeGreaterThan(10);
});
