import { expect, test } from "vitest";
import { PathEstimate } from "./path-estimate.ts";

const PICTURE_BYTES = 5000;
const INTERVAL_US = 16_000;
const PASSAGE_US = 1500;

/** Sends a picture at each interval to a viewer that works on each for `workUs` before it answers. */
function play(path: PathEstimate, workUs: number, tellsWork: boolean): number {
  let nowUs = 0;
  let freeUs = 0;
  let busyUs = 0;
  path.pinged(PASSAGE_US, nowUs);
  for (let picture = 0; picture < 60; picture += 1) {
    const sentUs = picture * INTERVAL_US;
    nowUs = Math.max(sentUs + PASSAGE_US, freeUs) + workUs;
    freeUs = nowUs;
    busyUs += path.acked(PICTURE_BYTES, sentUs, nowUs, tellsWork ? workUs : 0);
  }
  return busyUs;
}

test("what a viewer says that it worked is not held against the path", () => {
  const path = new PathEstimate();
  const busyUs = play(path, 14_000, true);
  expect(busyUs).toBeLessThan(60 * INTERVAL_US * 0.2);
  expect(path.capacityBps(60 * INTERVAL_US)).toBeUndefined();
});

test("a viewer that is slow and does not say why makes its path narrow", () => {
  const path = new PathEstimate();
  play(path, 14_000, false);
  expect(path.capacityBps(60 * INTERVAL_US)).toBeLessThan((PICTURE_BYTES * 8e6) / 9000);
});

test("work cannot be longer than the picture was away", () => {
  const path = new PathEstimate();
  path.acked(PICTURE_BYTES, 1000, 3000, 1_000_000);
  expect(path.roundTripUs).toBe(0);
});
