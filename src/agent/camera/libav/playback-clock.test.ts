import { expect, test } from "vitest";
import { DecodingLag } from "../decode/decoding-lag.ts";
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
  expect(clock.lostUs).toBe(9_960_000);
});

test("pauses of the playback are not taken for pictures that wait to be decoded", () => {
  const clock = new PlaybackClock();
  const lag = new DecodingLag();
  let nowUs = 0;
  for (let index = 0; index < 500; index += 1) {
    // Now and then the machine stands still.
    if (index % 50 === 49) nowUs += 700_000;
    nowUs += clock.delayUs(index * 40_000, nowUs);
    const ptsUs = index * 40_000 + clock.lostUs;
    const packet = { kind: "h264", data: new Uint8Array(1), keyframe: false, ptsUs, arrivedUs: nowUs } as const;
    expect(lag.skips(packet)).toBe(false);
  }
});
