import fc from "fast-check";
import { expect, it } from "vitest";
import { ROTATIONS } from "../../../codecs/key/index.ts";
import { FITS, placeIn, sceneToSource, sourceToScene } from "./placement.ts";

const scene = { width: 720, height: 1280 };

it("fits pictures into the scene", () => {
  const at = { x: 0, y: 0, scale: 1 };
  const camera = { width: 1280, height: 720 };
  expect(placeIn(scene, camera, { ...at, fit: "stretch" })).toEqual({ x: 0, y: 0, width: 720, height: 1280 });
  expect(placeIn(scene, camera, { ...at, fit: "contain" })).toEqual({ x: 0, y: 438, width: 720, height: 405 });
  expect(placeIn(scene, camera, { ...at, fit: "cover" })).toEqual({ x: -778, y: 0, width: 2276, height: 1280 });
  const moved = { fit: "contain", x: 0.5, y: -0.25, scale: 0.5 } as const;
  expect(placeIn(scene, camera, moved)).toEqual({ x: 540, y: 219, width: 360, height: 202 });
});

it("finds a place of the picture in the scene and back, however it lies", () => {
  const share = fc.double({ min: 0, max: 0.4, noNaN: true });
  const lay = fc.record({
    crop: fc.record({ left: share, right: share, top: share, bottom: share }),
    placement: fc.record({
      fit: fc.constantFrom(...FITS),
      x: fc.double({ min: -1, max: 1, noNaN: true }),
      y: fc.double({ min: -1, max: 1, noNaN: true }),
      scale: fc.double({ min: 0.2, max: 4, noNaN: true }),
    }),
    rotation: fc.constantFrom(...ROTATIONS),
    mirror: fc.boolean(),
  });
  fc.assert(
    fc.property(lay, share, share, (how, x, y) => {
      const source = { width: 640, height: 360 };
      const [backX, backY] = sceneToSource(scene, source, how, sourceToScene(scene, source, how, [x, y]));
      expect(Math.abs(backX - x)).toBeLessThan(1e-6);
      expect(Math.abs(backY - y)).toBeLessThan(1e-6);
    }),
  );
});
