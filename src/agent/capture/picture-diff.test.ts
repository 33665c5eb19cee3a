import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PixelBuffer } from "./capturer.ts";
import { differingRects, differs } from "./picture-diff.ts";

function picture(width: number, height: number, paddingBytes = 0): PixelBuffer {
  const strideBytes = width * 4 + paddingBytes;
  return { pixels: new Uint8Array(strideBytes * height), strideBytes, width, height };
}

function set(target: PixelBuffer, x: number, y: number): void {
  target.pixels[y * target.strideBytes + x * 4 + 1] = 9;
}

describe("differingRects", () => {
  test("is empty for equal pictures, whatever lies in the padding of the rows", () => {
    const a = picture(40, 40, 8);
    const b = picture(40, 40);
    a.pixels[40 * 4] = 77;
    expect(differs(a, b)).toBe(false);
    expect(differingRects(a, b, 4)).toEqual([]);
  });

  test("is exact for one changed block inside a band", () => {
    const a = picture(100, 50);
    const b = picture(100, 50, 16);
    for (let y = 20; y < 24; y += 1) for (let x = 30; x < 37; x += 1) set(b, x, y);
    expect(differs(a, b)).toBe(true);
    expect(differingRects(a, b, 4)).toEqual([{ x: 30, y: 20, width: 7, height: 4 }]);
  });

  test("covers every changed pixel with at most so many rectangles", () => {
    const points = fc.array(fc.tuple(fc.nat(69), fc.nat(99)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 5 }), (changed, maxRects) => {
        const a = picture(70, 100);
        const b = picture(70, 100);
        for (const [x, y] of changed) set(b, x, y);
        const rects = differingRects(a, b, maxRects);
        expect(rects.length).toBeLessThanOrEqual(maxRects);
        for (const [x, y] of changed) {
          const covered = rects.some((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height);
          expect(covered).toBe(true);
        }
      }),
    );
  });
});
