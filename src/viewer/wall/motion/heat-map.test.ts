import { expect, it } from "vitest";
import { heatPixels } from "./heat-map.ts";

const view = {
  columns: 2,
  rows: 2,
  cells: btoa(String.fromCharCode(0, 8, 20, 200)),
  threshold: 10,
  area: 0,
  suppressed: "",
  active: false,
  boxes: [],
};

it("draws what counts stronger than what does not, and nothing where nothing changes", () => {
  const pixels = heatPixels(view);
  const alpha = [3, 7, 11, 15].map((at) => pixels[at] as number);
  expect(alpha[0]).toBe(0);
  expect(alpha[1]).toBeGreaterThan(0);
  expect(alpha[2]).toBeGreaterThan(alpha[1] as number);
  expect(alpha[3]).toBeGreaterThan(alpha[2] as number);
  expect(pixels[9]).toBeLessThan(pixels[5] as number);
});

it("refuses a view with cells missing", () => {
  expect(() => heatPixels({ ...view, rows: 3 })).toThrow(RangeError);
});
