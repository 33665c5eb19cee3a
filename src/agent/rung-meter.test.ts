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

test("tells how the pictures of an interval were made up", () => {
  const meter = new RungMeter(0);
  const cost = { waitUs: 1, grabUs: 2, convertUs: 3, encodeUs: 4, bytes: 5 };
  const sent = { tiles: 100, coarse: 0, copies: 10, video: 0, refined: 0 };
  meter.picture(cost);
  expect(meter.take(1_000_000, about, sent)?.pixels).toEqual(sent);
  // Nothing is told of an interval without pictures, and nothing of it is lost.
  expect(meter.take(2_000_000, about, { ...sent, refined: 7 })).toBeUndefined();
  meter.picture(cost);
  const later = { ...sent, tiles: 130, video: 50, refined: 7 };
  expect(meter.take(3_000_000, about, later)?.pixels).toEqual({
    tiles: 30,
    coarse: 0,
    copies: 0,
    video: 50,
    refined: 7,
  });
});
