import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

test("lets a source that jitters around the rate through without delay", () => {
  const pace = new Pace(60);
  const interval = 1_000_000 / 60;
  for (let index = 0; index < 600; index += 1) {
    const nowUs = index * interval + (index % 2) * 0.9 * interval;
    expect(pace.delayUs(nowUs)).toBe(0);
    pace.spend(nowUs);
  }
});

test("holds a source that is too fast to the rate", () => {
  const pace = new Pace(60);
  let made = 0;
  for (let nowUs = 0; nowUs < 1_000_000; nowUs += 1000) {
    if (pace.delayUs(nowUs) > 0) continue;
    pace.spend(nowUs);
    made += 1;
  }
  expect(made).toBeGreaterThanOrEqual(60);
  expect(made).toBeLessThanOrEqual(61);
});

test("saves nothing up during a pause", () => {
  const pace = new Pace(10);
  pace.spend(0);
  const later = 60_000_000;
  let made = 0;
  while (pace.delayUs(later) === 0) {
    pace.spend(later);
    made += 1;
  }
  expect(made).toBe(2);
});
