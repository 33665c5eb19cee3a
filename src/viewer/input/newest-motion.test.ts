import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NewestMotion } from "./newest-motion.ts";

let sent: number[];
let motion: NewestMotion<number>;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  motion = new NewestMotion(
    (value) => sent.push(value),
    () => Date.now(),
  );
});
afterEach(() => {
  vi.useRealTimers();
});

it("sends the first at once and of the others the newest every 4 ms", () => {
  for (let value = 1; value <= 5; value += 1) motion.offer(value);
  expect(sent).toEqual([1]);
  vi.advanceTimersByTime(4);
  expect(sent).toEqual([1, 5]);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([1, 5]);
  motion.offer(6);
  expect(sent).toEqual([1, 5, 6]);
});

it("drops what a button message has overtaken", () => {
  motion.offer(1);
  motion.offer(2);
  motion.drop();
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([1]);
});
