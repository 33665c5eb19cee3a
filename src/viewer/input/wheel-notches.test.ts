import { expect, it } from "vitest";
import { WheelNotches } from "./wheel-notches.ts";

it("takes whole notches where the browser reports them", () => {
  const motion = { deltaX: 0, deltaY: 53, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 };
  expect(new WheelNotches().add(motion)).toEqual({ x: 0, y: 120 });
});

it("counts 100 pixels, 3 lines and a third of a page as a notch", () => {
  const wheel = new WheelNotches();
  expect(wheel.add({ deltaX: 0, deltaY: 100, deltaMode: 0 })).toEqual({ x: 0, y: 120 });
  expect(wheel.add({ deltaX: -3, deltaY: 0, deltaMode: 1 })).toEqual({ x: -120, y: 0 });
  expect(wheel.add({ deltaX: 0, deltaY: -1, deltaMode: 2 })).toEqual({ x: 0, y: -360 });
});

it("loses nothing of slow scrolling", () => {
  const wheel = new WheelNotches();
  let sum = 0;
  for (let step = 0; step < 100; step += 1) sum += wheel.add({ deltaX: 0, deltaY: 0.625, deltaMode: 0 })?.y ?? 0;
  expect(sum).toBe(75);
  expect(wheel.addUnits(0.4, 0)).toBeUndefined();
  expect(wheel.addUnits(0.7, 0)).toEqual({ x: 1, y: 0 });
});
