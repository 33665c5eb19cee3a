import { expect, it } from "vitest";
import { ClockOffset } from "./clock-offset.ts";

it("believes the quickest of the recent pings", () => {
  const clock = new ClockOffset();
  expect(clock.toViewerUs(5)).toBeUndefined();
  clock.add(0, 10_000, 1_009_000);
  clock.add(20_000, 21_000, 1_020_500);
  clock.add(30_000, 60_000, 1_031_000);
  expect(clock.rttUs).toBe(1000);
  expect(clock.toViewerUs(1_020_500)).toBe(20_500);
});

it("forgets old pings, because clocks drift", () => {
  const clock = new ClockOffset();
  clock.add(0, 100, 1_000_050);
  for (let ping = 1; ping <= 16; ping += 1) clock.add(ping * 1000, ping * 1000 + 500, 2_000_250 + ping * 1000);
  expect(clock.rttUs).toBe(500);
  expect(clock.toViewerUs(2_000_000)).toBe(0);
  clock.clear();
  expect(clock.rttUs).toBeUndefined();
});
