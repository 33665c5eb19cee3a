import { describe, expect, it } from "vitest";
import { clampPan, panUnderPointer, placePicture, toSource, type View } from "./placement.ts";

const VIEW: View = {
  viewWidth: 960,
  viewHeight: 600,
  pictureWidth: 1920,
  pictureHeight: 1080,
  fit: "fit",
  zoom: 1,
  panX: 0,
  panY: 0,
  pixelRatio: 1,
};
const SOURCE = { width: 1920, height: 1080 };

describe("placePicture", () => {
  it("keeps the shape with bars above and below", () => {
    expect(placePicture(VIEW)).toEqual({ left: 0, top: 30, width: 960, height: 540 });
  });

  it("keeps the shape with bars at the sides", () => {
    expect(placePicture({ ...VIEW, viewWidth: 1200, viewHeight: 540 })).toEqual({
      left: 120,
      top: 0,
      width: 960,
      height: 540,
    });
  });

  it("fills the view when stretching", () => {
    expect(placePicture({ ...VIEW, fit: "stretch" })).toEqual({ left: 0, top: 0, width: 960, height: 600 });
  });

  it("shows device pixels one to one", () => {
    expect(placePicture({ ...VIEW, fit: "one-to-one", pixelRatio: 2 })).toMatchObject({ width: 960, height: 540 });
  });

  it("never shows more bar than needed", () => {
    expect(clampPan({ ...VIEW, zoom: 2, panX: 9999, panY: -9999 })).toEqual({ panX: 480, panY: -240 });
    expect(clampPan({ ...VIEW, panX: 50, panY: 50 })).toEqual({ panX: 0, panY: 0 });
  });

  it("follows the pointer over a larger picture, edge to edge", () => {
    const view = { ...VIEW, fit: "one-to-one" } as const;
    expect(placePicture({ ...view, ...panUnderPointer(view, 0, 0) })).toMatchObject({ left: 0, top: 0 });
    expect(placePicture({ ...view, ...panUnderPointer(view, 960, 600) })).toMatchObject({ left: -960, top: -480 });
  });
});

describe("toSource", () => {
  it.each(["fit", "stretch", "one-to-one"] as const)("finds every pixel again in the mode %s", (fit) => {
    for (const zoom of [1, 1.7]) {
      const placement = placePicture({ ...VIEW, fit, zoom });
      for (const x of [0, 1, 959, 1918, 1919]) {
        const middle = placement.left + ((x + 0.5) / 1920) * placement.width;
        expect(toSource(placement, SOURCE, middle, placement.top + 1).x).toBe(x);
      }
    }
  });

  it("clamps the bars", () => {
    const placement = placePicture(VIEW);
    expect(toSource(placement, SOURCE, -5, 3)).toEqual({ x: 0, y: 0 });
    expect(toSource(placement, SOURCE, 2000, 599)).toEqual({ x: 1919, y: 1079 });
  });

  it("speaks in pixels of the source when the picture is smaller", () => {
    const placement = placePicture({ ...VIEW, pictureWidth: 960, pictureHeight: 540 });
    expect(toSource(placement, SOURCE, 480, 300)).toEqual({ x: 960, y: 540 });
  });
});
