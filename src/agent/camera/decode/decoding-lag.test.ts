import { expect, test } from "vitest";
import { DecodingLag } from "./decoding-lag.ts";

function packet(index: number, lateUs: number) {
  const ptsUs = index * 40_000;
  const keyframe = index % 25 === 0;
  return { kind: "h264", data: new Uint8Array(1), keyframe, ptsUs, arrivedUs: 5e6 + ptsUs + lateUs } as const;
}

test("pictures in time are decoded, with some jitter and drift", () => {
  const lag = new DecodingLag();
  for (let index = 0; index < 50_000; index += 1) {
    // 100 ms of jitter; the camera's clock is slow by 50 millionths.
    expect(lag.skips(packet(index, (index % 3) * 50_000 + index * 2))).toBe(false);
  }
});

test("when reading falls behind, decoding waits for a keyframe that is in time", () => {
  const lag = new DecodingLag();
  const skipped: number[] = [];
  for (let index = 0; index < 200; index += 1) {
    // Falls behind by 20 ms a picture; what is not decoded is read quickly.
    const lateUs = index < 60 ? index * 20_000 : Math.max(0, 1_200_000 - (index - 60) * 30_000);
    if (lag.skips(packet(index, lateUs))) skipped.push(index);
  }
  expect(skipped[0]).toBe(51);
  expect(skipped.at(-1)).toBe(99);
  expect(skipped).toHaveLength(49);
});

test("a camera whose clock jumps is decoded again after a while", () => {
  const lag = new DecodingLag();
  let skipped = 0;
  for (let index = 0; index < 1000; index += 1) if (lag.skips(packet(index, index < 100 ? 0 : 3600e6))) skipped += 1;
  expect(skipped).toBeGreaterThan(100);
  expect(skipped).toBeLessThan(200);
  expect(lag.skips(packet(1000, 3600e6))).toBe(false);
});
