import { expect, test } from "vitest";
import { SPARE_REST_MS, SpareKeycodes, type SpareOptions } from "./spare-keycodes.ts";

const at = (nowMs: number, rest: Partial<SpareOptions> = {}): SpareOptions => ({
  nowMs,
  levels: 2,
  isDown: () => false,
  ...rest,
});

test("uses unused keys first, then further levels, then nothing until one has rested", () => {
  const spares = new SpareKeycodes([8, 93]);
  const places = [1, 2, 3, 4].map((keysym) => spares.assign(keysym, at(0)));
  expect(places).toEqual([
    { keycode: 8, level: 0 },
    { keycode: 93, level: 0 },
    { keycode: 8, level: 1 },
    { keycode: 93, level: 1 },
  ]);
  expect(spares.assign(5, at(SPARE_REST_MS - 1))).toBeUndefined();
  expect(spares.waitMs(at(100))).toBe(SPARE_REST_MS - 100);
  expect(spares.keysymsOf(8)).toEqual([1, 3]);
});

test("empties the key that was unused for longest", () => {
  const spares = new SpareKeycodes([8, 93]);
  for (const keysym of [1, 2, 3, 4]) spares.assign(keysym, at(0));
  spares.use(8, 1000);
  expect(spares.assign(5, at(1000))).toEqual({ keycode: 93, level: 0 });
  expect(spares.find(2)).toBeUndefined();
  expect(spares.find(1)).toEqual({ keycode: 8, level: 0 });
  expect(spares.assign(6, at(1000))).toEqual({ keycode: 93, level: 1 });
  expect(spares.assign(7, at(1000))).toBeUndefined();
});

test("leaves held keys alone", () => {
  const spares = new SpareKeycodes([8]);
  spares.assign(1, at(0));
  const held = at(10_000, { isDown: (keycode) => keycode === 8 });
  expect(spares.assign(2, held)).toBeUndefined();
  expect(spares.waitMs(held)).toBeUndefined();
});

test("without spare keycodes there is nothing to wait for", () => {
  const spares = new SpareKeycodes([]);
  expect(spares.assign(1, at(0))).toBeUndefined();
  expect(spares.waitMs(at(0))).toBeUndefined();
});

test("a new keymap keeps what it still has and forgets the rest", () => {
  const spares = new SpareKeycodes([8, 93, 97]);
  for (const keysym of [1, 2, 3]) spares.assign(keysym, at(0));
  spares.refresh([93, 120], (keycode) => keycode === 8);
  expect(spares.find(1)).toEqual({ keycode: 8, level: 0 });
  expect(spares.find(2)).toBeUndefined();
  expect(spares.has(97)).toBe(false);
  expect(spares.has(120)).toBe(true);
  expect(spares.assigned).toEqual([8]);
});
