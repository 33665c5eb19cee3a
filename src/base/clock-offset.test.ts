import fc from "fast-check";
import { expect, it } from "vitest";
import { ClockOffset } from "./clock-offset.ts";

it("believes the quickest of the recent pings", () => {
  const clock = new ClockOffset();
  expect(clock.toOwnUs(5)).toBeUndefined();
  clock.add(0, 10_000, 1_009_000);
  clock.add(20_000, 21_000, 1_020_500);
  clock.add(30_000, 60_000, 1_031_000);
  expect(clock.rttUs).toBe(1000);
  expect(clock.toOwnUs(1_020_500)).toBe(20_500);
});

it("forgets old pings, because clocks drift", () => {
  const clock = new ClockOffset();
  clock.add(0, 100, 1_000_050);
  for (let ping = 1; ping <= 16; ping += 1) clock.add(ping * 1000, ping * 1000 + 500, 1_000_260 + ping * 1000);
  expect(clock.rttUs).toBe(500);
  expect(clock.offsetUs).toBe(1_000_010);
  clock.clear();
  expect(clock.rttUs).toBeUndefined();
});

it("follows a clock that jumps with the next ping, however quick the earlier ones were", () => {
  const clock = new ClockOffset();
  clock.add(0, 100, 1_000_050);
  clock.add(10_000, 14_000, 3_601_012_000);
  expect(clock.offsetUs).toBe(3_601_000_000);
  clock.add(20_000, 24_000, 22_000 - 5_000_000);
  expect(clock.offsetUs).toBe(-5_000_000);
});

it("keeps to the truth within half a round trip, whatever the way there and back take", () => {
  const ways = fc.array(fc.tuple(fc.integer({ min: 1, max: 500_000 }), fc.integer({ min: 1, max: 500_000 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(ways, fc.integer({ min: -1e9, max: 1e9 }), (pings, offsetUs) => {
      const clock = new ClockOffset();
      let nowUs = 0;
      for (const [thereUs, backUs] of pings) {
        clock.add(nowUs, nowUs + thereUs + backUs, nowUs + thereUs + offsetUs);
        nowUs += 1_000_000;
        expect(Math.abs((clock.offsetUs as number) - offsetUs)).toBeLessThanOrEqual((clock.rttUs as number) / 2);
      }
    }),
  );
});
