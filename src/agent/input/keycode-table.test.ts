import { expect, test } from "vitest";
import { keyUsages } from "../../protocol/index.ts";
import { isCharacterKey, isKeypadKey, physicalKey } from "./keycode-table.ts";

const usage = new Map(keyUsages());
const keyOf = (code: string) => physicalKey(usage.get(code) as number);

test("every key that a viewer can send is known", () => {
  const unknown = keyUsages().filter(([, number]) => physicalKey(number) === undefined);
  expect(unknown).toEqual([]);
});

test("every key has a place of its own", () => {
  const places = keyUsages().map(([, number]) => physicalKey(number)?.names[0]);
  expect(new Set(places).size).toBe(places.length);
});

test.each([
  ["KeyA", "AC01"],
  ["KeyZ", "AB01"],
  ["KeyQ", "AD01"],
  ["Digit1", "AE01"],
  ["Digit0", "AE10"],
  ["F1", "FK01"],
  ["F12", "FK12"],
  ["F13", "FK13"],
  ["F24", "FK24"],
  ["IntlBackslash", "LSGT"],
  ["AltRight", "RALT"],
])("%s is %s", (code, name) => {
  expect(keyOf(code)?.names[0]).toBe(name);
});

test("keys are characters, keypad or neither", () => {
  const kind = (code: string): string => {
    const number = usage.get(code) as number;
    if (isKeypadKey(number)) return "keypad";
    return isCharacterKey(number) ? "character" : "other";
  };
  expect(["KeyA", "Space", "Backquote", "IntlYen"].map(kind)).toEqual(Array(4).fill("character"));
  expect(["Numpad0", "NumpadAdd", "NumpadEnter"].map(kind)).toEqual(Array(3).fill("keypad"));
  expect(["Enter", "F5", "ShiftLeft", "KanaMode", "Lang1"].map(kind)).toEqual(Array(5).fill("other"));
});
