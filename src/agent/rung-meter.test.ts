import { expect, test } from "vitest";
import { RungMeter } from "./rung-meter.ts";

const about = { backend: "x11-shm", encoder: "libx264", encoderReason: "first", width: 4, height: 2 };

test("tells rate, bit rate and medians of an interval, then starts anew", () => {
  const meter = new RungMeter(0);
  for (const encodeUs of [10, 30, 20]) meter.picture({ waitUs: 1, grabUs: 2, convertUs: 3, encodeUs, bytes: 500 });
  meter.deferred();
  meter.failed();
  expect(meter.take(500_000, about)).toEqual({
    ...about,
    fps: 6,
    bitrateBps: 24_000,
    waitUs: 1,
    grabUs: 2,
    convertUs: 3,
    encodeUs: 20,
    deferred: 1,
    failed: 1,
  });
  expect(meter.take(1_000_000, about)).toBeUndefined();
});
