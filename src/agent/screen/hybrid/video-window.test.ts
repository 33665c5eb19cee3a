import fc from "fast-check";
import { expect, test } from "vitest";
import { intersect, type Rect } from "../../../base/index.ts";
import { VideoWindow } from "./video-window.ts";

const SCREEN = { width: 1920, height: 1080 };
const WHOLE = { x: 0, y: 0, ...SCREEN };
const FILM = { x: 640, y: 360, width: 640, height: 360 };
const FILM_WINDOW = { x: 640, y: 352, width: 640, height: 384 };

test("a film's window is the film, on aligned edges", () => {
  const window = new VideoWindow(SCREEN);
  expect(window.fit(FILM, 0)).toEqual(FILM_WINDOW);
  expect(window.fit({ ...FILM, width: 20, height: 20 }, 16_000)).toEqual(FILM_WINDOW);
});

test("it grows once to what moves now, and to everything when that is not enough", () => {
  const window = new VideoWindow(SCREEN);
  window.fit(FILM, 0);
  expect(window.fit({ ...FILM, x: 700 }, 16_000)).toEqual({ x: 640, y: 352, width: 704, height: 384 });
  expect(window.fit({ ...FILM, x: 760 }, 32_000)).toEqual(WHOLE);
});

test("it shrinks after a second, or two, in which less moved", () => {
  const window = new VideoWindow(SCREEN);
  window.fit(WHOLE, 0);
  const sizes: Rect[] = [];
  for (let nowUs = 16_000; nowUs < 2_500_000; nowUs += 16_000) sizes.push(window.fit(FILM, nowUs));
  expect(sizes[0]).toEqual(WHOLE);
  expect(sizes.at(-1)).toEqual(FILM_WINDOW);
  expect(sizes.filter((size, index) => index > 0 && size !== sizes[index - 1])).toHaveLength(1);
});

test("a keyframe's window is everything", () => {
  const window = new VideoWindow(SCREEN);
  window.fit(FILM, 0);
  expect(window.reset()).toEqual(WHOLE);
});

test("whatever moves is inside, and no window is smaller than an encoder takes", () => {
  const edge = fc.integer({ min: 16, max: 200 });
  const fraction = fc.double({ min: 0, max: 1, noNaN: true });
  const box = fc.tuple(fraction, fraction, fraction, fraction, fc.integer({ min: 0, max: 2_000_000 }));
  fc.assert(
    fc.property(edge, edge, fc.array(box, { minLength: 1 }), (width, height, boxes) => {
      const window = new VideoWindow({ width, height });
      let nowUs = 0;
      for (const [left, top, right, bottom, waitUs] of boxes) {
        const [x, y] = [Math.floor(left * (width - 1)), Math.floor(top * (height - 1))];
        const rect = {
          ...{ x, y },
          width: 1 + Math.floor(right * (width - x - 1)),
          height: 1 + Math.floor(bottom * (height - y - 1)),
        };
        nowUs += waitUs;
        const fitted = window.fit(rect, nowUs);
        expect(intersect(fitted, rect)).toEqual(rect);
        expect(intersect(fitted, { x: 0, y: 0, width, height })).toEqual(fitted);
        expect(Math.min(fitted.width, fitted.height)).toBeGreaterThanOrEqual(16);
      }
    }),
  );
});
