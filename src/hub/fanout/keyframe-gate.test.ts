import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { KEYFRAME_INTERVAL_MS, KEYFRAME_REPEAT_MS, KeyframeGate } from "./keyframe-gate.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("many wishes make one request per interval", () => {
  const request = vi.fn();
  const gate = new KeyframeGate(request);
  for (let index = 0; index < 10; index += 1) gate.want();
  expect(request).toHaveBeenCalledTimes(1);
  gate.arrived();
  for (let index = 0; index < 10; index += 1) gate.want();
  expect(request).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(KEYFRAME_INTERVAL_MS);
  expect(request).toHaveBeenCalledTimes(2);
  gate.close();
});

test("a request without an answer is repeated until a keyframe comes", () => {
  const request = vi.fn();
  const gate = new KeyframeGate(request);
  gate.want();
  vi.advanceTimersByTime(KEYFRAME_REPEAT_MS * 3);
  expect(request).toHaveBeenCalledTimes(4);
  gate.arrived();
  vi.advanceTimersByTime(KEYFRAME_REPEAT_MS * 3);
  expect(request).toHaveBeenCalledTimes(4);
});

test("a wish for later waits, an earlier one overtakes it, and a keyframe in between serves both", () => {
  const request = vi.fn();
  const gate = new KeyframeGate(request);
  gate.want(2000);
  expect(gate.pending).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(request).not.toHaveBeenCalled();
  gate.arrived();
  vi.advanceTimersByTime(5000);
  expect(request).not.toHaveBeenCalled();
  gate.want(2000);
  gate.want(100);
  vi.advanceTimersByTime(100);
  expect(request).toHaveBeenCalledTimes(1);
  expect(gate.asked).toBe(true);
  gate.close();
});
