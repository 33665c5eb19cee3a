import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { DEFAULT_KEY, fillChromaMatte, keyPlanar, keyTable, matteSize } from "../../dist/codecs/key/index.js";
import { yuvTables } from "../../dist/codecs/yuv/index.js";
import { videoFrame, yuvOf } from "../support/studio-pictures.ts";

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
  const alpha = chromakey(
    Buffer.concat([luma, u, v]),
    { width: size, height: size },
    `${key}:${similarity}:${blend}:yuv=1`,
  );
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

const [WIDTH, HEIGHT] = [160, 120];
const PICTURE = { mode: "chroma", similarity: 0.1, smoothness: 0.12, spill: 0.2, colors: [[45, 185, 60]] } as const;

/**
 * On a whole picture, edges included: with what is known to differ taken over (FFmpeg's mean of the distances over 3x3
 * pixels, OBS's over five places), nothing else is left; without, only pixels near an edge differ. Colours, which only OBS
 * takes the spill out of, are compared where they can be seen.
 */
it("differs from FFmpeg and OBS on a picture by their mean over neighbours, and by nothing else", () => {
  const { bytes } = videoFrame(WIDTH, HEIGHT);
  const pixels = keyed(Uint8Array.from(bytes));
  const [y0, u0, v0] = yuvOf([45, 185, 60]);
  const key = `0x${[y0, u0, v0].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  const [similarity, blend] = [PICTURE.similarity / Math.SQRT2, PICTURE.smoothness / Math.SQRT2];
  const theirs = chromakey(Buffer.from(bytes), { width: WIDTH, height: HEIGHT }, `${key}:${similarity}:${blend}:yuv=1`);
  const near = { ffmpeg: 0, obs: 0 };
  let [partial, despilled] = [0, 0];
  each((x, y, at) => {
    const around = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((across) => distanceAt(bytes, x + across, y + down)));
    const mean = around.reduce((sum, value) => sum + value, 0) / around.length;
    const ffmpeg = (theirs[at] as number) / 255;
    expect(Math.abs(ramp(mean) - ffmpeg ** 1.5), `FFmpeg at ${x}, ${y}`).toBeLessThan(0.03);
    const pixel = pixels[at] as number;
    const ourAlpha = (pixel >>> 24) / 255;
    if (ourAlpha > 0 && ourAlpha < 1) partial += 1;
    const isFlat = Math.max(...around) - Math.min(...around) < 0.004;
    if (isFlat && ourAlpha > 0.05) {
      const keep = ramp(obsDistance(bytes, x, y), PICTURE.spill);
      const color = rgbAt(bytes, x, y);
      const grey = (color[0] as number) * 0.2126 + (color[1] as number) * 0.7152 + (color[2] as number) * 0.0722;
      const theirs = color.map((value) => grey + (value - grey) * keep);
      const difference = Math.max(...theirs.map((value, part) => Math.abs(value - ((pixel >> (8 * part)) & 255))));
      expect(difference, `colour at ${x}, ${y}`).toBeLessThan(5);
      if (Math.max(...theirs.map((value, part) => Math.abs(value - (color[part] as number)))) > 5) despilled += 1;
    }
    for (const [name, other] of [
      ["ffmpeg", ffmpeg ** 1.5],
      ["obs", ramp(obsDistance(bytes, x, y))],
    ] as const) {
      const difference = Math.abs(ourAlpha - other);
      if (isFlat) expect(difference, `${name} at ${x}, ${y}`).toBeLessThan(0.06);
      if (difference > 0.06) near[name] += 1;
    }
  });
  expect(partial).toBeGreaterThan(100);
  expect(despilled).toBeGreaterThan(100);
  // Edges are a small part of the picture.
  expect(near.ffmpeg / (WIDTH * HEIGHT)).toBeLessThan(0.05);
  expect(near.obs / (WIDTH * HEIGHT)).toBeLessThan(0.05);
});

function each(visit: (x: number, y: number, at: number) => void): void {
  for (let y = 0; y < HEIGHT; y += 1) for (let x = 0; x < WIDTH; x += 1) visit(x, y, y * WIDTH + x);
}

/** The picture as the studio draws it, 0xAABBGGRR. */
function keyed(bytes: Uint8Array<ArrayBuffer>): Uint32Array {
  const size = matteSize(WIDTH, HEIGHT);
  const luma = WIDTH * HEIGHT;
  const planes = {
    bytes,
    yStride: WIDTH,
    uOffset: luma,
    vOffset: (luma * 5) / 4,
    chromaStride: WIDTH / 2,
    chromaStep: 1,
  } as const;
  const matte = { ...size, alpha: new Uint8Array(luma / 4), spill: new Uint8Array(luma / 4) };
  fillChromaMatte(planes, keyTable({ ...DEFAULT_KEY, ...PICTURE }, "bt709", false), matte);
  const out = new Uint32Array(luma);
  const source = { planes, width: WIDTH, height: HEIGHT, tables: yuvTables("bt709", false) };
  keyPlanar(source, matte, { view: "result", orientation: { rotation: 0, mirror: false }, adjust: undefined, out });
  return out;
}

/** Red, green and blue of a pixel of limited-range BT.709 video. */
function rgbAt(bytes: readonly number[], x: number, y: number): number[] {
  const chroma = WIDTH * HEIGHT + (y >> 1) * (WIDTH / 2) + (x >> 1);
  const luma = (((bytes[y * WIDTH + x] as number) - 16) * 255) / 219;
  const u = (((bytes[chroma] as number) - 128) * 255) / 224;
  const v = (((bytes[chroma + (WIDTH * HEIGHT) / 4] as number) - 128) * 255) / 224;
  const rgb = [luma + 1.5748 * v, luma - 0.187324 * u - 0.468124 * v, luma + 1.8556 * u];
  return rgb.map((value) => Math.min(255, Math.max(0, value)));
}

/** Distance from the key colour at a pixel; beyond the edge the edge repeats. */
function distanceAt(bytes: readonly number[], x: number, y: number): number {
  const column = Math.min(WIDTH - 1, Math.max(0, x)) >> 1;
  const row = Math.min(HEIGHT - 1, Math.max(0, y)) >> 1;
  const at = WIDTH * HEIGHT + row * (WIDTH / 2) + column;
  const [, u, v] = yuvOf([45, 185, 60]);
  return Math.hypot((bytes[at] as number) - u, (bytes[at + (WIDTH * HEIGHT) / 4] as number) - v) / 255;
}

/** OBS's: the pixel once, and twice each of four places half a pixel away, which are means of four pixels. */
function obsDistance(bytes: readonly number[], x: number, y: number): number {
  let sum = distanceAt(bytes, x, y);
  for (const [across, down] of [
    [-1, -1],
    [1, 1],
    [-1, 1],
    [1, -1],
  ] as const) {
    const [u, v] = [0, 1].map((plane) => {
      const chroma = (atX: number, atY: number) => {
        const column = Math.min(WIDTH - 1, Math.max(0, atX)) >> 1;
        const row = Math.min(HEIGHT - 1, Math.max(0, atY)) >> 1;
        return bytes[WIDTH * HEIGHT * (1 + plane / 4) + row * (WIDTH / 2) + column] as number;
      };
      return (chroma(x, y) + chroma(x + across, y) + chroma(x, y + down) + chroma(x + across, y + down)) / 4;
    }) as [number, number];
    const [, keyU, keyV] = yuvOf([45, 185, 60]);
    sum += (2 * Math.hypot(u - keyU, v - keyV)) / 255;
  }
  return sum / 9;
}

function ramp(distance: number, width: number = PICTURE.smoothness): number {
  return Math.min(1, Math.max(0, (distance - PICTURE.similarity) / width)) ** 1.5;
}

/** Alpha of FFmpeg's chromakey for a picture in planes, one byte for each pixel. */
function chromakey(picture: Buffer, { width, height }: { width: number; height: number }, options: string): Buffer {
  const result = spawnSync(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-i", "-"],
      ...["-vf", `format=yuva420p,chromakey=${options}`, "-f", "rawvideo", "-pix_fmt", "yuva420p", "-"],
    ],
    { input: picture, maxBuffer: 1 << 24 },
  );
  expect(result.stderr.toString()).toBe("");
  const alpha = result.stdout.subarray((width * height * 3) / 2);
  expect(alpha).toHaveLength(width * height);
  return alpha;
}
