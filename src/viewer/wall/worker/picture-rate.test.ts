import { expect, it } from "vitest";
import { PictureRate } from "./picture-rate.ts";

it("knows the usual distance of pictures and their rate of the last two seconds", () => {
  const rate = new PictureRate();
  expect(rate.intervalMs).toBeUndefined();
  expect(rate.fps(0)).toBe(0);
  for (let index = 0; index < 20; index += 1) rate.add(1000 + index * 100 + (index === 9 ? 60 : 0));
  expect(rate.intervalMs).toBe(100);
  expect(rate.fps(2950)).toBeCloseTo(10, 0);
  expect(rate.fps(6000)).toBe(0);
});

it("counts fast pictures by the time that they took", () => {
  const rate = new PictureRate();
  for (let index = 0; index < 200; index += 1) rate.add(index * 16);
  expect(rate.fps(200 * 16)).toBeCloseTo(62, -1);
});
