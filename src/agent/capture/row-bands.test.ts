import { expect, test } from "vitest";
import { rowBands } from "./row-bands.ts";

test("merges what overlaps, touches or lies within the gap, and keeps the rest apart", () => {
  const rects = [
    { x: 0, y: 300, width: 5, height: 10 },
    { x: 9, y: 10, width: 5, height: 10 },
    { x: 0, y: 15, width: 1, height: 2 },
    { x: 0, y: 24, width: 1, height: 6 },
    { x: 0, y: 35, width: 1, height: 1 },
  ];
  expect(rowBands(rects, 4)).toEqual([
    { y: 10, height: 20 },
    { y: 35, height: 1 },
    { y: 300, height: 10 },
  ]);
  expect(rowBands(rects, 1000)).toEqual([{ y: 10, height: 300 }]);
  expect(rowBands([], 4)).toEqual([]);
});
