import { expect, test } from "vitest";
import { SourceClock } from "./source-clock.ts";

const INTERVAL_US = 40_000;

/** When pictures at even timestamps were taken, which arrive so late. */
function taken(latenesses: readonly number[], clock = new SourceClock()): number[] {
  let arrivedUs = 0;
  return latenesses.map((lateUs, index) => {
    // They come in order: those behind a late one are late with it.
    arrivedUs = Math.max(arrivedUs, 9_000_000 + index * INTERVAL_US + lateUs);
    const takenUs = clock.takenUs({ ptsUs: index * INTERVAL_US, arrivedUs });
    expect(takenUs).toBeLessThanOrEqual(arrivedUs);
    return takenUs;
  });
}

const distances = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => time - (times[index] as number));

test("pictures keep the distances of their timestamps, however unevenly they arrive", () => {
  const uneven = Array.from({ length: 100 }, (_, index) => (index === 0 ? 0 : (index * 7919) % 90_000));
  for (const distance of distances(taken(uneven))) expect(Math.abs(distance - INTERVAL_US)).toBeLessThan(100);
});

test("what comes quicker than all before was taken no later than it came, and never before the one before it", () => {
  const times = taken([100_000, 100_000, 0, 0, 0]);
  for (const distance of distances(times)) expect(distance).toBeGreaterThanOrEqual(0);
  expect(times.at(-1)).toBe(9_000_000 + 4 * INTERVAL_US);
});

test("after a jump of the source's clock, and where it stands still, pictures were taken when they came", () => {
  const clock = new SourceClock();
  expect(clock.takenUs({ ptsUs: 0, arrivedUs: 1_000_000 })).toBe(1_000_000);
  expect(clock.takenUs({ ptsUs: 40_000, arrivedUs: 3_000_000 })).toBe(3_000_000);
  expect(clock.takenUs({ ptsUs: 40_000, arrivedUs: 3_040_000 })).toBe(3_040_000);
  expect(clock.takenUs({ ptsUs: 40_000, arrivedUs: 3_080_000 })).toBe(3_080_000);
  expect(clock.takenUs({ ptsUs: 80_000, arrivedUs: 3_130_000 })).toBeCloseTo(3_120_000, -3);
});
