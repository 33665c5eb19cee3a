import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { KeyframeThrottle } from "./keyframe-throttle.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("asks at once, then every 0.8 s until a keyframe comes", () => {
  let requests = 0;
  const throttle = new KeyframeThrottle(
    () => {
      requests += 1;
    },
    () => Date.now(),
  );
  for (let call = 0; call < 50; call += 1) throttle.request();
  expect(requests).toBe(1);
  vi.advanceTimersByTime(799);
  expect(requests).toBe(1);
  vi.advanceTimersByTime(1);
  expect(requests).toBe(2);
  throttle.settle();
  vi.advanceTimersByTime(5000);
  expect(requests).toBe(2);
  throttle.request();
  expect(requests).toBe(3);
  throttle.settle();
});
