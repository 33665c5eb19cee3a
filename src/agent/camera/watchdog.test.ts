import { expect, test } from "vitest";
import { Watchdog } from "./watchdog.ts";

const SECOND = 1_000_000;

/** Looks every quarter of a second until `untilS`, with pictures at `fps` until `picturesEndS`. */
function watch(watchdog: Watchdog, options: { fromS: number; untilS: number; fps: number; picturesEndS: number }) {
  const seen: string[] = [];
  for (let nowUs = options.fromS * SECOND; nowUs <= options.untilS * SECOND; nowUs += SECOND / 4) {
    const lastUs = Math.min(nowUs, options.picturesEndS * SECOND);
    const newestUs = Math.floor((lastUs * options.fps) / SECOND) * (SECOND / options.fps);
    const freshness = watchdog.look(nowUs, { newestUs, pictures: Math.floor((lastUs * options.fps) / SECOND) });
    if (seen.at(-1) !== freshness) seen.push(freshness);
    if (freshness === "stalled") return { seen, atS: nowUs / SECOND };
  }
  return { seen, atS: undefined };
}

test("a source that falls silent is late at half of its time and stalled at the end of it", () => {
  const watchdog = new Watchdog(0, 25);
  const { seen, atS } = watch(watchdog, { fromS: 0, untilS: 20, fps: 25, picturesEndS: 10 });
  expect(seen).toEqual(["fresh", "late", "stalled"]);
  expect(atS).toBeGreaterThan(12);
  expect(atS).toBeLessThanOrEqual(12.5);
});

test("a slow source has five of its intervals", () => {
  const watchdog = new Watchdog(0, 0.5);
  const { atS } = watch(watchdog, { fromS: 0, untilS: 40, fps: 0.5, picturesEndS: 10 });
  expect(atS).toBeGreaterThan(20);
  expect(atS).toBeLessThanOrEqual(20.5);
});

test("a source that does not tell its rate may be a slow one", () => {
  const watchdog = new Watchdog(0, 0);
  expect(watch(watchdog, { fromS: 0, untilS: 60, fps: 0.2, picturesEndS: 60 }).atS).toBeUndefined();
});

test("a source that delivers less than it says is judged by what it delivers", () => {
  const watchdog = new Watchdog(0, 25);
  expect(watch(watchdog, { fromS: 0, untilS: 60, fps: 1, picturesEndS: 60 }).atS).toBeUndefined();
  const { atS } = watch(watchdog, { fromS: 60.25, untilS: 80, fps: 1, picturesEndS: 60 });
  expect(atS).toBeGreaterThan(64);
  expect(atS).toBeLessThanOrEqual(65.5);
});

test("a source that delivers nothing at all is given longer to open", () => {
  const watchdog = new Watchdog(0, 25);
  const { atS } = watch(watchdog, { fromS: 0, untilS: 40, fps: 25, picturesEndS: 0 });
  expect(atS).toBeGreaterThan(11);
  expect(watchdog.delivered).toBe(false);
});

test("pictures of an earlier opening do not count", () => {
  const watchdog = new Watchdog(5 * SECOND, 25);
  watchdog.look(5.25 * SECOND, { newestUs: 4.9 * SECOND, pictures: 100 });
  expect(watchdog.delivered).toBe(false);
  watchdog.look(5.5 * SECOND, { newestUs: 5.4 * SECOND, pictures: 101 });
  expect(watchdog.delivered).toBe(true);
});

test.each([3600, 12.5])("a machine that stood still until %i s gives its sources one period more", (wokenS) => {
  const watchdog = new Watchdog(0, 25);
  watch(watchdog, { fromS: 0, untilS: 10, fps: 25, picturesEndS: 10 });
  const seen = { newestUs: 10 * SECOND, pictures: 250 };
  const looks = [0, 0.75, 1.5, 2.25].map((afterS) => watchdog.look((wokenS + afterS) * SECOND, seen));
  expect(looks).toEqual(["fresh", "fresh", "late", "stalled"]);
});
