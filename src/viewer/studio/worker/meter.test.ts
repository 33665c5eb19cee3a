import { expect, it } from "vitest";
import { Meter } from "./meter.ts";

it("counts each frame that was replaced before it was drawn, once", () => {
  const meter = new Meter();
  meter.arrived(0, false);
  meter.arrived(33_000, true);
  meter.drawn(2, { timestampUs: 33_000, arrivedMs: performance.now() });
  // Drawn after this report, so it is no drop of this one nor of the next.
  meter.arrived(66_000, false);
  const first = meter.report("cpu");
  meter.drawn(2, { timestampUs: 66_000, arrivedMs: performance.now() });
  const second = meter.report("cpu");
  expect([first.dropped, second.dropped]).toEqual([1, 0]);
  expect(first.copiesPerFrame).toBe(2);
  expect([first.latencyMs === undefined, second.latencyMs === undefined]).toEqual([false, false]);
});

it("learns the camera's clock only when the captures agree on one", () => {
  const nowMs = performance.now();
  const start = (jitterMs: (i: number) => number) => {
    const meter = new Meter();
    const captures: number[] = [];
    // Timestamps of a clock that began 1000 ms before this one; each capture is told with some error.
    for (let i = 0; i < 9; i += 1) {
      const captureMs = nowMs + i * 0.01;
      meter.arrived((captureMs + 1000) * 1000, false);
      captures.push(captureMs + jitterMs(i) - 20);
    }
    meter.alignTo(captures);
    return meter.report("cpu").fromCapture;
  };
  expect(start(() => 0)).toBe(true);
  expect(start((i) => i * 15)).toBe(false);
});
