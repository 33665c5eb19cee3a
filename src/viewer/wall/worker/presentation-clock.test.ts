import { describe, expect, it } from "vitest";
import { PresentationClock } from "./presentation-clock.ts";

const INTERVAL_US = 40_000;

/** Distances of the moments at which pictures are shown, once the clock knows the stream. */
function shownDistances(clock: PresentationClock, delayOf: (index: number) => number): number[] {
  let nowUs = 0;
  const shown = Array.from({ length: 200 }, (_, index) => {
    const sourceUs = 5_000_000 + index * INTERVAL_US;
    // Pictures come in order: those behind a late one are late with it.
    nowUs = Math.max(nowUs, sourceUs + delayOf(index));
    return nowUs + clock.waitUs(sourceUs, nowUs);
  }).slice(100);
  return shown.slice(1).map((us, index) => us - (shown[index] as number));
}

describe("the presentation clock", () => {
  it("costs nothing where pictures come evenly", () => {
    const clock = new PresentationClock();
    expect(shownDistances(clock, () => 70_000)).toEqual(Array(99).fill(INTERVAL_US));
    expect(clock.meanWaitUs).toBe(0);
  });

  it("evens out pictures that come unevenly, and tells what that costs", () => {
    const clock = new PresentationClock();
    const distances = shownDistances(clock, (index) => 70_000 + (index % 3) * 12_000);
    for (const distance of distances) expect(distance).toBeCloseTo(INTERVAL_US, 0);
    expect(clock.meanWaitUs).toBeGreaterThan(8000);
    expect(clock.meanWaitUs).toBeLessThan(16_000);
  });

  it("does not wait for a rare straggler, and shows nothing out of order", () => {
    const clock = new PresentationClock();
    const distances = shownDistances(clock, (index) => (index % 50 === 49 ? 190_000 : 70_000));
    expect(distances.every((distance) => distance >= 0)).toBe(true);
    expect(clock.meanWaitUs).toBeLessThan(30_000);
  });

  it("learns nothing from what a late viewer is given at once", () => {
    const clock = new PresentationClock();
    for (let index = 0; index < 50; index += 1) expect(clock.waitUs(index * INTERVAL_US, 2_000_000 + index)).toBe(0);
    for (let index = 50; index < 60; index += 1) {
      expect(clock.waitUs(index * INTERVAL_US, index * INTERVAL_US + 50_000)).toBe(0);
    }
    expect(clock.meanWaitUs).toBe(0);
  });

  it("limits the wait, and starts anew when the source's clock jumps", () => {
    const clock = new PresentationClock();
    for (let index = 0; index < 40; index += 1) {
      const late = index % 2 === 0 ? 0 : 1_500_000;
      expect(clock.waitUs(index * INTERVAL_US, index * INTERVAL_US + late)).toBeLessThanOrEqual(1_500_000);
    }
    expect(clock.waitUs(1000, 60_000_000)).toBe(0);
    expect(clock.waitUs(1000 + INTERVAL_US, 60_000_000 + INTERVAL_US)).toBe(0);
  });
});
