import { expect, test } from "vitest";
import { qualitySteps, StepChooser } from "./quality-steps.ts";

test("steps are worse than what was asked for, and at last smaller", () => {
  expect(qualitySteps({ quality: undefined, width: undefined }, 1920)).toEqual([
    { quality: undefined, width: undefined },
    { quality: 55, width: undefined },
    { quality: 35, width: undefined },
    { quality: 35, width: 960 },
  ]);
  expect(qualitySteps({ quality: 40, width: 640 }, 1920)).toEqual([
    { quality: 40, width: 640 },
    { quality: 35, width: 640 },
  ]);
});

/** Feeds pictures of one duration for some seconds, ten a second. Returns the steps that it went through. */
function run(chooser: StepChooser, clock: { ms: number }, tookMs: number, seconds: number): number[] {
  const steps: number[] = [];
  for (const endMs = clock.ms + seconds * 1000; clock.ms < endMs; clock.ms += 100) {
    if (chooser.delivered(tookMs, clock.ms)) steps.push(chooser.step);
  }
  return steps;
}

test("goes down while the quickest client is slow, one step after the other, and up again when it is quick", () => {
  const clock = { ms: 0 };
  const chooser = new StepChooser({ count: 3, fps: 10, nowMs: 0 });
  expect(run(chooser, clock, 60, 20)).toEqual([]);
  expect(run(chooser, clock, 300, 10)).toEqual([1, 2]);
  expect(run(chooser, clock, 100, 30)).toEqual([]);
  expect(run(chooser, clock, 10, 30)).toEqual([1, 0]);
});

test("one late picture changes nothing", () => {
  const clock = { ms: 10_000 };
  const chooser = new StepChooser({ count: 3, fps: 10, nowMs: 0 });
  run(chooser, clock, 20, 5);
  expect(run(chooser, clock, 400, 0.1)).toEqual([]);
  expect(run(chooser, clock, 20, 5)).toEqual([]);
});

test("going up where it turns out wrong is tried ever less often", () => {
  const clock = { ms: 0 };
  const chooser = new StepChooser({ count: 2, fps: 10, nowMs: 0 });
  let rises = 0;
  let before = 0;
  for (; clock.ms < 300_000; clock.ms += 100) {
    if (chooser.delivered(chooser.step === 0 ? 400 : 10, clock.ms) && chooser.step < before) rises += 1;
    before = chooser.step;
  }
  expect(rises).toBeGreaterThan(1);
  expect(rises).toBeLessThan(8);
});
