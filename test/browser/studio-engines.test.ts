import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, SOFTWARE_GPU, startChromium } from "../support/chromium.ts";
import { type ModuleServer, startModuleServer } from "../support/module-server.ts";
import { drawWith, type TestLayer, type TestPicture } from "../support/studio-engine.ts";
import { rgbaFrame, videoFrame } from "../support/studio-pictures.ts";

const MAX_DIFFERENCE = 2;
const KEY = { mode: "chroma", colors: [[45, 185, 60]], similarity: 0.12, smoothness: 0.1, spill: 0.16 };
const SIZE = { width: 64, height: 48 };

let server: ModuleServer;
let chromium: Chromium;
let page: Page;

beforeAll(async () => {
  server = await startModuleServer();
  chromium = await startChromium({ args: SOFTWARE_GPU });
  page = await chromium.open(server.url);
});
afterAll(async () => {
  await chromium.close();
  await server.close();
});

const camera = videoFrame(SIZE.width, SIZE.height);
const one = (layer: Partial<TestLayer>, size = SIZE): TestPicture => ({
  ...size,
  layers: [{ frame: camera, key: KEY, ...layer }],
});
const upright = [0, 90, 180, 270] as const;
const turned = (rotation: number) => (rotation % 180 === 0 ? SIZE : { width: SIZE.height, height: SIZE.width });
const clip = videoFrame(32, 24, { format: "NV12" });

const LUMA_KEY = { mode: "luma", lumaMin: 0.4, lumaMinSmooth: 0.2, lumaMax: 0.8, lumaMaxSmooth: 0.1 };
const fullRange = videoFrame(SIZE.width, SIZE.height, { fullRange: true });

const CASES: Record<string, TestPicture> = {
  unkeyed: one({ key: {} }),
  keyed: one({}),
  "the matte": one({ view: "matte" }),
  "the source": one({ view: "source" }),
  "BT.601": one({ frame: videoFrame(SIZE.width, SIZE.height, { matrix: "smpte170m" }) }),
  NV12: one({ frame: videoFrame(SIZE.width, SIZE.height, { format: "NV12" }) }),
  "two key colours": one({
    key: {
      ...KEY,
      colors: [
        [45, 185, 60],
        [60, 70, 160],
      ],
      similarity: 0.06,
    },
  }),
  "no ramp": one({ key: { ...KEY, smoothness: 0, spill: 0 } }),
  shrunk: one({ key: { ...KEY, shrink: 4 } }),
  feathered: one({ key: { ...KEY, feather: 6 } }),
  "shrunk, feathered and inverted": one({ key: { ...KEY, shrink: 2, feather: 4, invert: true } }),
  "a luma key": one({ key: LUMA_KEY }),
  "full range": one({ frame: fullRange, key: {} }),
  "full range, keyed": one({ frame: fullRange }),
  "full range, with a luma key": one({ frame: fullRange, key: LUMA_KEY }),
  "a garbage matte": one({
    key: {
      ...KEY,
      shapes: [
        {
          kind: "ellipse",
          mode: "keep",
          points: [
            [0.1, 0.1],
            [0.9, 0.9],
          ],
        },
        {
          kind: "polygon",
          mode: "cut",
          points: [
            [0.4, 0.4],
            [0.7, 0.5],
            [0.5, 0.8],
          ],
        },
        {
          kind: "rectangle",
          mode: "cut",
          points: [
            [0.2, 0.2],
            [0.3, 0.4],
          ],
        },
      ],
    },
  }),
  "changed colours": one({ adjust: { brightness: 0.05, contrast: 0.2, gamma: -0.2 } }),
  "half opacity": one({ opacity: 0.5 }),
  "a crop": one({ crop: { x: 8, y: 6, width: 40, height: 30 } }, { width: 40, height: 30 }),
  "a crop, rotated by 90": one(
    { crop: { x: 8, y: 6, width: 40, height: 30 }, rotation: 90 },
    { width: 30, height: 40 },
  ),
  "a crop, rotated by 180": one(
    { crop: { x: 8, y: 6, width: 40, height: 30 }, rotation: 180 },
    { width: 40, height: 30 },
  ),
  "a crop, rotated by 270 and mirrored": one(
    { crop: { x: 8, y: 6, width: 40, height: 30 }, rotation: 270, mirror: true },
    { width: 30, height: 40 },
  ),
  "an odd size": one({ frame: videoFrame(37, 27) }, { width: 37, height: 27 }),
  "alpha of its own": one({ frame: videoFrame(SIZE.width, SIZE.height, { format: "I420A" }), key: {} }),
  "an image with alpha": one({ frame: rgbaFrame(SIZE.width, SIZE.height) }),
  "a background colour": { ...one({}), background: [200, 40, 90] },
  "a clip above the camera": {
    ...SIZE,
    background: [10, 20, 30],
    layers: [{ frame: camera }, { frame: clip, key: KEY, place: { x: 20, y: 10, width: 32, height: 24 } }],
  },
  "a clip below the camera": {
    ...SIZE,
    background: [10, 20, 30],
    layers: [
      { frame: clip, place: { x: 20, y: 10, width: 32, height: 24 } },
      { frame: camera, key: KEY },
    ],
  },
  "two layers, each with its own key colour": {
    ...SIZE,
    background: [10, 20, 30],
    layers: [
      { frame: camera, key: KEY },
      { frame: clip, key: { ...KEY, colors: [[60, 70, 160]] }, place: { x: 16, y: 12, width: 32, height: 24 } },
    ],
  },
};
const scaled = {
  "twice as large": { x: 0, y: 0, width: 64, height: 48 },
  "half as large": { x: 9, y: 11, width: 16, height: 12 },
  "scaled up": { x: 5, y: 3, width: 48, height: 36 },
  "scaled down": { x: 20, y: 10, width: 22, height: 16 },
  "stretched beyond the edge": { x: -7, y: 30, width: 64, height: 40 },
};
for (const [name, place] of Object.entries(scaled)) {
  CASES[`a clip ${name}`] = { ...SIZE, background: [10, 20, 30], layers: [{ frame: clip, key: KEY, place }] };
  CASES[`a turned clip ${name}`] = { ...SIZE, layers: [{ frame: clip, key: KEY, rotation: 180, mirror: true, place }] };
}
for (const rotation of upright) {
  for (const mirror of [false, true]) {
    CASES[`rotated by ${rotation}${mirror ? " and mirrored" : ""}`] = one({ rotation, mirror }, turned(rotation));
  }
}
for (const blend of ["screen", "add", "multiply"] as const) {
  CASES[`blended by ${blend}`] = {
    ...SIZE,
    layers: [
      { frame: camera, key: KEY },
      { frame: clip, key: KEY, blend, place: { x: 16, y: 8, width: 32, height: 24 } },
    ],
  };
}

const names = Object.keys(CASES);
let reference: number[][];

beforeAll(async () => {
  reference = (await drawWith(page, "cpu", Object.values(CASES))).pictures;
});

describe.each(["webgl", "webgpu"] as const)("the engine %s draws what the reference draws", (engine) => {
  let drawn: number[][];
  let copies: number;
  beforeAll(async () => {
    ({ pictures: drawn, copies } = await drawWith(page, engine, Object.values(CASES)));
  });

  it.each(names)("%s", (name) => {
    const index = names.indexOf(name);
    const [expected, got] = [reference[index] as number[], drawn[index] as number[]];
    expect(got).toHaveLength(expected.length);
    const worst = expected.reduce(
      (most, value, at) => {
        const difference = Math.abs(value - (got[at] as number));
        return difference > most.difference ? { difference, at } : most;
      },
      { difference: 0, at: 0 },
    );
    const pixel = worst.at >> 2;
    const { width } = CASES[name] as TestPicture;
    const around = (pixels: number[]) => pixels.slice(pixel * 4, pixel * 4 + 4).join(" ");
    expect(
      worst.difference,
      `at ${pixel % width}, ${Math.floor(pixel / width)}: ${around(got)} is not ${around(expected)}`,
    ).toBeLessThanOrEqual(MAX_DIFFERENCE);
  });

  it("copies what it says", () => {
    // The copy out of the frame and the upload, for each layer of each picture.
    expect(copies).toBe(2 * Object.values(CASES).reduce((sum, { layers }) => sum + layers.length, 0));
  });
});

it("keys: the screen is gone, the person is there", () => {
  const pixels = reference[names.indexOf("keyed")] as number[];
  const alpha = (x: number, y: number) => pixels[(y * SIZE.width + x) * 4 + 3];
  expect(alpha(1, 1)).toBe(0);
  expect(alpha(62, 46)).toBe(0);
  expect(alpha(32, 14)).toBe(255);
  expect(alpha(26, 30)).toBe(255);
});

it("keys full-range video as it keys the same colours in limited range", () => {
  const alphas = (name: string) => (reference[names.indexOf(name)] as number[]).filter((_, at) => at % 4 === 3);
  for (const [limited, full] of [
    ["keyed", "full range, keyed"],
    ["a luma key", "full range, with a luma key"],
  ] as const) {
    const [expected, got] = [alphas(limited), alphas(full)];
    const worst = Math.max(...expected.map((value, at) => Math.abs(value - (got[at] as number))));
    // Their steps of luma and chroma have different sizes. A range that is taken for the other is much further away.
    expect(worst, full).toBeLessThanOrEqual(12);
  }
});

it("keys each layer by its own colour", () => {
  const pixels = reference[names.indexOf("two layers, each with its own key colour")] as number[];
  const at = (x: number, y: number) => Array.from(pixels.slice((y * SIZE.width + x) * 4, (y * SIZE.width + x) * 4 + 3));
  // The camera's screen is gone; the clip's stays above it, and its blue shirt shows the camera's blue one.
  expect(at(1, 1)).toEqual([10, 20, 30]);
  const [red = 0, green = 0] = at(18, 14);
  expect([red < 80, green > 150]).toEqual([true, true]);
});
