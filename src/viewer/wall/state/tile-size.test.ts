import { expect, it } from "vitest";
import { limitsFor } from "./tile-size.ts";

it("asks for as much as a tile can show, in few steps", () => {
  expect(limitsFor(300, 169)).toEqual(limitsFor(318, 179));
  expect(limitsFor(300, 169)).toMatchObject({ maxWidth: 320, maxFps: 10 });
  expect(limitsFor(1900, 1069)).toMatchObject({ maxWidth: 1920, maxHeight: 1080, maxFps: 60 });
  expect(limitsFor(0, 0)).toMatchObject({ maxWidth: 160, maxHeight: 90 });
  expect(limitsFor(20_000, 100).maxWidth).toBe(7680);
});
