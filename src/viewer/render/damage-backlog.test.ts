import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_PICTURE_RECTS } from "../../protocol/index.ts";
import { DamageBacklog } from "./damage-backlog.ts";

it("keeps rectangles as they are and drops those inside another", () => {
  const backlog = new DamageBacklog();
  backlog.add([{ x: 10, y: 10, width: 5, height: 5 }]);
  backlog.add([{ x: 8, y: 8, width: 20, height: 20 }]);
  backlog.add([{ x: 9, y: 9, width: 3, height: 3 }]);
  backlog.add([{ x: 27, y: 8, width: 5, height: 5 }]);
  expect(backlog.within({ x: 0, y: 0, width: 100, height: 100 })).toEqual([
    { x: 8, y: 8, width: 20, height: 20 },
    { x: 27, y: 8, width: 5, height: 5 },
  ]);
});

it("cuts what leaves a smaller picture", () => {
  const backlog = new DamageBacklog();
  backlog.add([
    { x: 90, y: 0, width: 20, height: 10 },
    { x: 200, y: 0, width: 5, height: 5 },
  ]);
  expect(backlog.within({ x: 0, y: 0, width: 100, height: 100 })).toEqual([{ x: 90, y: 0, width: 10, height: 10 }]);
});

it("covers everything that was added, within its limit", () => {
  const rect = fc.record({
    x: fc.nat(60),
    y: fc.nat(60),
    width: fc.integer({ min: 1, max: 4 }),
    height: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(rect, { minLength: 1, maxLength: 400 }), (rects) => {
      const backlog = new DamageBacklog();
      for (const one of rects) backlog.add([one]);
      const kept = backlog.within({ x: 0, y: 0, width: 64, height: 64 });
      expect(kept.length).toBeLessThanOrEqual(MAX_PICTURE_RECTS);
      const painted = new Set<number>();
      for (const { x, y, width, height } of kept) {
        for (let row = y; row < y + height; row += 1)
          for (let col = x; col < x + width; col += 1) painted.add(row * 64 + col);
      }
      for (const { x, y, width, height } of rects) {
        expect(painted.has(y * 64 + x)).toBe(true);
        expect(painted.has((y + height - 1) * 64 + x + width - 1)).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});
