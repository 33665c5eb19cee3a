import { expect, it } from "vitest";
import { isBefore, SequenceWatch } from "./sequence-watch.ts";

const key = (sequence: number) => ({ sequence, keyframe: true, intra: true, kind: "video" }) as const;
const delta = (sequence: number) => ({ sequence, keyframe: false, intra: false, kind: "video" }) as const;
const tiles = (sequence: number, keyframe = false) => ({ sequence, keyframe, intra: false, kind: "tiles" }) as const;

it("waits for a keyframe, then takes what follows in order", () => {
  const watch = new SequenceWatch();
  expect(watch.next(delta(1))).toBe("skip");
  expect(watch.next(key(2))).toBe("use");
  expect(watch.next(tiles(3))).toBe("use");
  expect(watch.next(delta(4))).toBe("use");
});

it("reports a gap once and skips until the next keyframe", () => {
  const watch = new SequenceWatch();
  watch.next(key(1));
  expect(watch.next(delta(3))).toBe("gap");
  expect(watch.next(tiles(4))).toBe("skip");
  expect(watch.next(key(9))).toBe("use");
});

it("wraps at 2^32", () => {
  const watch = new SequenceWatch();
  watch.next(key(0xffffffff));
  expect(watch.next(delta(0))).toBe("use");
  expect(isBefore(0xfffffffe, 1)).toBe(true);
  expect(isBefore(1, 0xfffffffe)).toBe(false);
});

it("does not take tiles for the video that a delta needs", () => {
  const watch = new SequenceWatch();
  expect(watch.next(tiles(1, true))).toBe("use");
  expect(watch.next(delta(2))).toBe("gap");
  watch.next(tiles(3, true));
  expect(watch.next({ ...delta(4), intra: true })).toBe("use");
  expect(watch.next(delta(5))).toBe("use");
});
