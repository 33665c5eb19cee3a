import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { MotionZone } from "../../protocol/index.ts";
import { motionPlaneSize } from "./index.ts";
import { rasterizeZones } from "./zone-mask.ts";

const GRID = { columns: 8, rows: 4 };
const zone = (name: string, mode: MotionZone["mode"], ...points: [number, number][]): MotionZone => ({
  name,
  mode,
  points,
});
const LEFT: [number, number][] = [
  [0, 0],
  [0.5, 0],
  [0.5, 1],
  [0, 1],
];

function drawn(zones: MotionZone[]): string[] {
  const { watched } = rasterizeZones(zones, GRID);
  return Array.from({ length: GRID.rows }, (_, row) =>
    [...watched.subarray(row * GRID.columns, (row + 1) * GRID.columns)]
      .map((cell) => (cell === 1 ? "#" : "."))
      .join(""),
  );
}

it("watches everything without zones, and everything else with zones to exclude only", () => {
  expect(drawn([])).toEqual(Array(4).fill("########"));
  expect(drawn([zone("a", "exclude", ...LEFT)])).toEqual(Array(4).fill("....####"));
});

it("watches zones to include, without those to exclude, whatever their order", () => {
  const hole = zone("hole", "exclude", [0, 0], [0.25, 0], [0.25, 0.5], [0, 0.5]);
  const left = zone("left", "include", ...LEFT);
  const expected = ["..##....", "..##....", "####....", "####...."];
  expect(drawn([left, hole])).toEqual(expected);
  expect(drawn([hole, left])).toEqual(expected);
});

it("takes the cells that a tiny zone touches, and names the zones of a cell", () => {
  const tiny = zone("tiny", "include", [0.51, 0.51], [0.55, 0.51], [0.55, 0.6], [0.51, 0.6]);
  const mask = rasterizeZones(
    [zone("left", "include", ...LEFT), tiny, zone("top", "include", [0, 0], [1, 0], [1, 0.25], [0, 0.25])],
    GRID,
  );
  expect(mask.names).toEqual(["left", "tiny", "top"]);
  expect(mask.zoneBits[0]).toBe(0b101);
  expect(mask.zoneBits[2 * 8 + 4]).toBe(0b010);
  expect(mask.watchedCells).toBe(16 + 1 + 4);
});

it("fills a triangle by half cells and survives any polygon", () => {
  expect(drawn([zone("t", "include", [0, 0], [1, 0], [0, 1])])).toEqual([
    "#######.",
    "#####...",
    "###.....",
    "#.......",
  ]);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const zones = fc.array(
    fc.record({
      name: fc.string({ minLength: 1, maxLength: 5 }),
      mode: fc.constantFrom("include" as const, "exclude" as const),
      points: fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 8 }),
    }),
    { maxLength: 16 },
  );
  fc.assert(
    fc.property(zones, (given) => {
      const { watched, watchedCells, zoneBits } = rasterizeZones(given, GRID);
      expect(watched.reduce((sum, cell) => sum + cell, 0)).toBe(watchedCells);
      for (const [cell, bits] of zoneBits.entries()) if (bits !== 0) expect(watched[cell]).toBe(1);
    }),
  );
});

it("asks for planes of whole cells in the picture's shape", () => {
  expect(motionPlaneSize(1920, 1080)).toEqual({ width: 320, height: 180 });
  expect(motionPlaneSize(640, 480)).toEqual({ width: 240, height: 180 });
  expect(motionPlaneSize(1080, 1920)).toEqual({ width: 100, height: 180 });
  expect(motionPlaneSize(16, 2)).toEqual({ width: 16, height: 4 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16384 }), fc.integer({ min: 1, max: 16384 }), (width, height) => {
      const size = motionPlaneSize(width, height);
      expect([size.width % 4, size.height % 4]).toEqual([0, 0]);
      expect(size.width).toBeLessThanOrEqual(320);
      expect(size.height).toBeLessThanOrEqual(180);
      expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(4);
    }),
  );
});
