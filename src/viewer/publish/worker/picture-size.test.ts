import { expect, it } from "vitest";
import { codecForSize, fitSize } from "./picture-size.ts";

it("fits pictures into limits, even and in their shape, and never makes them larger", () => {
  expect(fitSize({ width: 1280, height: 720 }, { width: 640, height: 640 })).toEqual({ width: 640, height: 360 });
  expect(fitSize({ width: 641, height: 481 }, { width: 4000, height: 4000 })).toEqual({ width: 640, height: 480 });
  expect(fitSize({ width: 720, height: 1280 }, { width: 320, height: 180 })).toEqual({ width: 100, height: 180 });
});

it("takes the least level that allows the size and the rate", () => {
  expect(codecForSize({ width: 640, height: 360 }, 30)).toBe("avc1.42e01e");
  expect(codecForSize({ width: 1280, height: 720 }, 30)).toBe("avc1.42e01f");
  expect(codecForSize({ width: 1920, height: 1080 }, 30)).toBe("avc1.42e028");
  expect(codecForSize({ width: 1920, height: 1080 }, 60)).toBe("avc1.42e02a");
});
