import fc from "fast-check";
import { expect, test } from "vitest";
import { codePointOfKeysym, isTypable, Keysym, keysymOfCodePoint, upperCaseKeysym } from "./keysym.ts";

const of = (character: string): number => character.codePointAt(0) as number;

test("every typable character has a keysym that means it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x10ffff }).filter(isTypable), (codePoint) => {
      expect(codePointOfKeysym(keysymOfCodePoint(codePoint))).toBe(codePoint);
    }),
  );
});

test.each([
  [0x06c1, "а"],
  [0x06d1, "я"],
  [0x06e1, "А"],
  [0x07e1, "α"],
  [0x0ce0, "א"],
  [0x20ac, "€"],
  [0x13bd, "œ"],
  [0x01b1, "ą"],
  [0x0da1, "ก"],
  [0xffb4, "4"],
  [0xffae, "."],
  [0xffab, "+"],
])("the older keysym 0x%s means %s", (keysym, character) => {
  expect(codePointOfKeysym(keysym)).toBe(of(character));
});

test.each([
  ["dead acute", 0xfe51],
  ["Return", Keysym.return],
  ["Left", Keysym.left],
  ["KP_Enter", Keysym.keypadEnter],
  ["KP_Left", 0xff96],
  ["a gap in the table", 0x01a4],
])("%s has no character", (_, keysym) => {
  expect(codePointOfKeysym(keysym)).toBe(0);
});

test("controls and surrogates cannot be typed", () => {
  expect([0, 9, 0x7f, 0x85, 0xd800, 0xdfff].some(isTypable)).toBe(false);
});

test("capitals, where there is one", () => {
  expect(upperCaseKeysym(of("a"))).toBe(of("A"));
  expect(upperCaseKeysym(0x06c1)).toBe(keysymOfCodePoint(of("А")));
  expect(upperCaseKeysym(of("ß"))).toBe(of("ß"));
  expect(upperCaseKeysym(Keysym.left)).toBe(Keysym.left);
});
