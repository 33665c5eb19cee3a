import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { yuvTables } from "../yuv/index.ts";
import {
  adjustTable,
  DEFAULT_KEY,
  drawMask,
  featherMatte,
  fillChromaMatte,
  finishMatte,
  keyPlanar,
  keyTable,
  type Matte,
  matteSize,
  NO_ADJUST,
  proposeKey,
  type Rgb,
  ROTATIONS,
  shrinkMatte,
  turnedSize,
  turnedSource,
} from "./index.ts";
import { turnedSteps } from "./orientation.ts";

/** OBS's chroma filter, from its published formula: RGB to limited-range BT.709 chroma, distance, ramps to the power 1.5. */
function obs(rgb: Rgb, key: Rgb, similarity: number, smoothness: number, spill: number): readonly [number, number] {
  const chroma = ([r, g, b]: Rgb): readonly [number, number] => [
    (-0.100644 * r - 0.338572 * g + 0.439216 * b) / 255 + 0.501961,
    (0.439216 * r - 0.398942 * g - 0.040274 * b) / 255 + 0.501961,
  ];
  const [[cb, cr], [keyCb, keyCr]] = [chroma(rgb), chroma(key)];
  const base = Math.hypot(cb - keyCb, cr - keyCr) - similarity;
  const ramp = (width: number) => Math.min(1, Math.max(0, base / width)) ** 1.5;
  return [ramp(smoothness), ramp(spill)];
}

function yuv([r, g, b]: Rgb, kr: number, kb: number): readonly [number, number] {
  const y = kr * r + (1 - kr - kb) * g + kb * b;
  return [128 + (((b - y) / (2 * (1 - kb))) * 224) / 255, 128 + (((r - y) / (2 * (1 - kr))) * 224) / 255];
}

const color = fc.tuple(
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: 0, max: 255 }),
);

describe("the chroma key", () => {
  it.each([
    ["bt709", 0.2126, 0.0722],
    ["bt601", 0.299, 0.114],
  ] as const)("means what OBS means, for %s video", (matrix, kr, kb) => {
    const settings = { ...DEFAULT_KEY, mode: "chroma", smoothness: 0.2, spill: 0.4, similarity: 0.2 } as const;
    const table = keyTable(settings, matrix, false);
    fc.assert(
      fc.property(color, (rgb) => {
        const [u, v] = yuv(rgb, kr, kb);
        const value = table[Math.round(u) | (Math.round(v) << 8)] as number;
        const [alpha, spill] = obs(rgb, [0, 255, 0], 0.2, 0.2, 0.4);
        // U and V are whole numbers, which moves the place on the ramp by up to one of 51 steps.
        expect(Math.abs((value & 255) / 255 - alpha)).toBeLessThan(0.035);
        expect(Math.abs((value >> 8) / 255 - spill)).toBeLessThan(0.02);
      }),
    );
  });

  it("takes the nearest of several colours", () => {
    const one = keyTable({ ...DEFAULT_KEY, mode: "chroma", similarity: 0.1 }, "bt709", false);
    const two = keyTable(
      {
        ...DEFAULT_KEY,
        mode: "chroma",
        similarity: 0.1,
        colors: [
          [0, 255, 0],
          [0, 0, 255],
        ],
      },
      "bt709",
      false,
    );
    const [u, v] = yuv([0, 0, 255], 0.2126, 0.0722);
    const blue = Math.round(u) | (Math.round(v) << 8);
    expect((one[blue] as number) & 255).toBe(255);
    expect((two[blue] as number) & 255).toBe(0);
    for (let at = 0; at < 65536; at += 97)
      expect((two[at] as number) & 255).toBeLessThanOrEqual((one[at] as number) & 255);
  });

  it("takes colour away only where alpha is below 1, unless the spill's ramp is the wider one", () => {
    const settings = { ...DEFAULT_KEY, mode: "chroma", similarity: 0.15, smoothness: 0.2 } as const;
    const opaqueLessColour = (spill: number) =>
      keyTable({ ...settings, spill }, "bt709", false).filter((value) => (value & 255) === 255 && value >> 8 !== 255);
    expect(opaqueLessColour(0.2)).toHaveLength(0);
    expect(opaqueLessColour(0.05)).toHaveLength(0);
    expect(opaqueLessColour(0.4).length).toBeGreaterThan(0);
  });

  it("never keys greys", () => {
    const table = keyTable({ ...DEFAULT_KEY, mode: "chroma" }, "bt601", true);
    expect(table[128 | (128 << 8)]).toBe(0xffff);
  });
});

it("keys by luma between its ends, and nothing with all sliders at rest", () => {
  const rest = keyTable({ ...DEFAULT_KEY, mode: "luma" }, "bt709", false);
  expect([16, 100, 235].map((y) => (rest[y] as number) & 255)).toEqual([255, 255, 255]);
  const table = keyTable({ ...DEFAULT_KEY, mode: "luma", lumaMin: 0.25, lumaMinSmooth: 0.5 }, "bt709", true);
  expect([0, 63, 127.5, 192, 255].map((y) => (table[Math.floor(y)] as number) & 255)).toEqual([0, 0, 126, 255, 255]);
});

function matteOf(rows: readonly (readonly number[])[]): Matte {
  const alpha = Uint8Array.from(rows.flat());
  return {
    width: (rows[0] as readonly number[]).length,
    height: rows.length,
    alpha,
    spill: new Uint8Array(alpha.length),
  };
}

it("shrinks what stays, softens edges, swaps and cuts", () => {
  const matte = matteOf([
    [255, 255, 255, 0],
    [255, 255, 255, 255],
    [255, 255, 255, 255],
  ]);
  shrinkMatte(matte, 1, new Uint8Array(12));
  expect(Array.from(matte.alpha)).toEqual([255, 255, 0, 0, 255, 255, 0, 0, 255, 255, 255, 255]);
  featherMatte(matte, 1, new Uint8Array(12));
  expect(Array.from(matte.alpha.subarray(0, 4))).toEqual([255, 170, 85, 0]);
  finishMatte(matte, true, Uint8Array.from([255, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]));
  expect(Array.from(matte.alpha.subarray(0, 4))).toEqual([0, 0, 170, 255]);
});

it("draws garbage mattes: all kept shapes, less what is cut", () => {
  expect(drawMask([], 8, 8)).toBeUndefined();
  const mask = drawMask(
    [
      {
        kind: "rectangle",
        mode: "keep",
        points: [
          [1, 0],
          [0.5, 1],
        ],
      },
      {
        kind: "polygon",
        mode: "keep",
        points: [
          [0, 0],
          [0.5, 0],
          [0, 0.5],
        ],
      },
      {
        kind: "ellipse",
        mode: "cut",
        points: [
          [0.75, 0.75],
          [1, 1],
        ],
      },
    ],
    8,
    8,
  );
  const rows = [0, 1, 2, 3].map((row) =>
    Array.from(mask?.subarray(row * 4, row * 4 + 4) ?? [], (value) => value / 255),
  );
  expect(rows).toEqual([
    [1, 0, 1, 1],
    [0, 0, 1, 1],
    [0, 0, 1, 1],
    [0, 0, 1, 0],
  ]);
});

it("turns pictures the same way forwards and backwards", () => {
  const size = { width: 3, height: 2 };
  for (const rotation of ROTATIONS) {
    for (const mirror of [false, true]) {
      const turned = turnedSize(size, { rotation, mirror });
      const { origin, stepX, stepY } = turnedSteps(size, { rotation, mirror });
      const back = turnedSource(size, { rotation, mirror });
      const seen = new Set<number>();
      for (let y = 0; y < 2; y += 1) {
        for (let x = 0; x < 3; x += 1) {
          const to = origin + x * stepX + y * stepY;
          seen.add(to);
          const [right, down] = [to % turned.width, Math.floor(to / turned.width)];
          expect([
            back.origin[0] + right * back.stepRight[0] + down * back.stepDown[0],
            back.origin[1] + right * back.stepRight[1] + down * back.stepDown[1],
          ]).toEqual([x, y]);
        }
      }
      expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    }
  }
  // Clockwise by a quarter: the first pixel goes to the upper right.
  expect(turnedSteps(size, { rotation: 90, mirror: false })).toEqual({ origin: 1, stepX: 2, stepY: -1 });
});

it("writes the same pixels by the quick loop and by the general one", () => {
  const [width, height] = [12, 8];
  const bytes = Uint8Array.from({ length: (width * height * 3) / 2 }, (_, i) => (i * 37 + (i >> 3) * 11) % 256);
  const half = matteSize(width, height);
  const planes = { bytes, yStride: width, uOffset: 96, vOffset: 120, chromaStride: half.width, chromaStep: 1 } as const;
  const matte = { ...half, alpha: new Uint8Array(24), spill: new Uint8Array(24) };
  fillChromaMatte(planes, keyTable({ ...DEFAULT_KEY, mode: "chroma", spill: 0.5 }, "bt709", false), matte);
  const source = { planes, width, height, tables: yuvTables("bt709", false) };
  for (const rotation of ROTATIONS) {
    const [quick, general] = [new Uint32Array(96), new Uint32Array(96)];
    const output = { view: "result", orientation: { rotation, mirror: rotation === 90 } } as const;
    keyPlanar(source, matte, { ...output, adjust: undefined, out: quick });
    const same = Uint8Array.from({ length: 256 }, (_, value) => value);
    keyPlanar(source, matte, { ...output, adjust: same, out: general });
    for (let at = 0; at < 96; at += 1) {
      const [a, b] = [quick[at] as number, general[at] as number];
      expect(a >>> 24).toBe(b >>> 24);
      // What is transparent has no colour in the quick loop.
      if (a >>> 24 === 0) continue;
      for (const shift of [0, 8, 16])
        expect(Math.abs(((a >> shift) & 255) - ((b >> shift) & 255))).toBeLessThanOrEqual(1);
    }
  }
});

it("changes colours by OBS's formulas", () => {
  expect(adjustTable(NO_ADJUST)).toBeUndefined();
  expect(adjustTable({ brightness: 0.2, contrast: 0, gamma: 0 })?.[100]).toBe(151);
  expect(adjustTable({ brightness: 0, contrast: 1, gamma: 0 })?.[100]).toBe(200);
  expect(adjustTable({ brightness: 0, contrast: -1, gamma: 0 })?.[100]).toBe(50);
  expect(adjustTable({ brightness: 0, contrast: 0, gamma: 1 })?.[64]).toBe(128);
  expect(adjustTable({ brightness: 0, contrast: 0, gamma: -1 })?.[128]).toBe(64);
});

describe("auto-key", () => {
  const screen = (spread: number): Rgb[] =>
    Array.from(
      { length: 400 },
      (_, i) => [40 + (i % spread), 170 + (i % (spread * 2)), 60 + ((i * 7) % spread)] as const,
    );
  const person: Rgb[] = Array.from({ length: 120 }, (_, i) => [150 + (i % 40), 110 + (i % 30), 90] as const);

  it("keys the screen and leaves people alone", () => {
    const proposal = proposeKey([...screen(20), ...person]);
    expect(proposal).toBeDefined();
    const table = keyTable({ ...DEFAULT_KEY, mode: "chroma", ...proposal }, "bt709", false);
    const alpha = (rgb: Rgb) => {
      const [u, v] = yuv(rgb, 0.2126, 0.0722);
      return (table[Math.round(u) | (Math.round(v) << 8)] as number) & 255;
    };
    for (const rgb of screen(20)) expect(alpha(rgb)).toBeLessThan(30);
    for (const rgb of [...person, [128, 128, 128], [30, 30, 40], [240, 240, 235]] as Rgb[])
      expect(alpha(rgb)).toBe(255);
  });

  it("proposes nothing for a grey wall", () => {
    expect(
      proposeKey(Array.from({ length: 300 }, (_, i) => [120 + (i % 20), 120 + (i % 20), 125 + (i % 20)] as const)),
    ).toBeUndefined();
    expect(proposeKey([])).toBeUndefined();
  });
});
