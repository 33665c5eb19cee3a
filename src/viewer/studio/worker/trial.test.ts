import { expect, it } from "vitest";
import type { EngineTiming } from "../messages.ts";
import { fastestEngine } from "./trial.ts";

const timing = (engine: EngineTiming["engine"], medianMs: number | undefined): EngineTiming => ({
  engine,
  medianMs,
  frames: 10,
  failed: medianMs === undefined ? "not here" : undefined,
});

it("takes the fastest engine, and stays with the one in use unless another is clearly faster", () => {
  const timings = [timing("cpu", 5), timing("webgl", 4.5), timing("webgpu", undefined)];
  expect(fastestEngine(timings, "cpu")).toBe("cpu");
  expect(fastestEngine(timings, "webgl")).toBe("webgl");
  expect(fastestEngine([timing("cpu", 5), timing("webgl", 1)], "cpu")).toBe("webgl");
  // One that cannot be used is never chosen, not even when it is in use.
  expect(fastestEngine(timings, "webgpu")).toBe("webgl");
  expect(fastestEngine([timing("webgpu", undefined)], "cpu")).toBe("cpu");
});
