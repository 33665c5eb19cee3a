import { expect, test } from "vitest";
import { HeldKeys } from "./held-keys.ts";

test("a code that two viewers hold goes down once and up once", () => {
  const held = new HeldKeys();
  expect(held.hold(1, 4, 38)).toBe(true);
  expect(held.hold(2, 4, 38)).toBe(false);
  expect(held.letGo(1, 4)).toBeUndefined();
  expect(held.isDown(38)).toBe(true);
  expect(held.letGo(2, 4)).toBe(38);
  expect(held.letGo(2, 4)).toBeUndefined();
  expect(held.viewers()).toEqual([]);
});

test("a key that was typed is known, and releases nothing", () => {
  const held = new HeldKeys();
  expect(held.hold(1, 4, undefined)).toBe(false);
  expect(held.has(1, 4)).toBe(true);
  expect(held.codes()).toEqual([]);
  expect(held.letGo(1, 4)).toBeUndefined();
  expect(held.has(1, 4)).toBe(false);
});

test("a dropped code is held by nobody", () => {
  const held = new HeldKeys();
  held.hold(1, 4, 38);
  held.hold(2, 5, 38);
  held.drop(38);
  expect(held.isDown(38)).toBe(false);
  expect(held.usages(1)).toEqual([4]);
  expect(held.letGo(1, 4)).toBeUndefined();
});
