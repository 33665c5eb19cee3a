import { expect, test } from "vitest";
import { PlaybackClock } from "./playback-clock.ts";

test("pictures are due as far apart as their timestamps", () => {
  const clock = new PlaybackClock();
  expect(clock.delayUs(100_000, 5_000_000)).toBe(0);
  expect(clock.delayUs(140_000, 5_010_000)).toBe(30_000);
  expect(clock.delayUs(180_000, 5_090_000)).toBe(0);
  expect(clock.delayUs(220_000, 5_100_000)).toBe(20_000);
});

test("after a long pause it goes on instead of catching up", () => {
  const clock = new PlaybackClock();
  clock.delayUs(0, 0);
  expect(clock.delayUs(40_000, 10_000_000)).toBe(0);
  expect(clock.delayUs(80_000, 10_000_000)).toBe(40_000);
});
