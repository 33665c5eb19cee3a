import { describe, expect, test } from "vitest";
import { Modifier, usageFromCode } from "../../protocol/index.ts";
import type { KeyMessage, WheelMessage } from "./client-messages.ts";
import { usageOf } from "./key-names.ts";
import { LegacyKeyboard } from "./keyboard.ts";
import { LegacyPointer } from "./pointer.ts";

const SIZE = { width: 640, height: 400 };

const wheel = (delta_y: number, x: number | undefined = 5): WheelMessage => ({
  ...{ type: "wheel", x, y: x, delta_x: 0, delta_y },
});

describe("pointer", () => {
  test("the same wheel event twice at once is one; a while later it is another", () => {
    const pointer = new LegacyPointer();
    pointer.mouse({ type: "mousemove", x: 5, y: 5 }, SIZE);
    const turn = [{ kind: "wheel", x: 0, y: 120 }];
    expect(pointer.wheel(wheel(100), SIZE, 0)).toEqual(turn);
    expect(pointer.wheel(wheel(100), SIZE, 1)).toEqual([]);
    expect(pointer.wheel(wheel(100), SIZE, 2)).toEqual(turn);
    expect(pointer.wheel(wheel(100), SIZE, 16)).toEqual(turn);
  });

  test("without a place, as after the first picture, nothing comes twice and nothing is dropped", () => {
    const pointer = new LegacyPointer();
    const turns = [0, 1, 2].flatMap((nowMs) =>
      pointer.wheel({ ...wheel(100), x: undefined, y: undefined }, SIZE, nowMs),
    );
    expect(turns).toHaveLength(3);
  });

  test("fractions add up, back and forth", () => {
    const pointer = new LegacyPointer();
    const turns = [0.4, 0.4, 0.4, -1.2].flatMap((delta, index) =>
      pointer.wheel({ ...wheel(delta), x: undefined, y: undefined }, SIZE, index * 20),
    );
    expect(turns).toEqual([
      { kind: "wheel", x: 0, y: 1 },
      { kind: "wheel", x: 0, y: -1 },
    ]);
  });

  test("a place is clamped and whole, and said once", () => {
    const pointer = new LegacyPointer();
    const at = (x: number, y: number) => pointer.mouse({ type: "mousemove", x, y }, SIZE);
    const place = (x: number, y: number) => [{ kind: "pointer", relative: false, buttons: 0, x, y }];
    expect(at(-3, 1e9)).toEqual(place(0, 399));
    expect(at(-9, 400)).toEqual([]);
    expect(at(7.9, 8.1)).toEqual(place(7, 8));
  });
});

const NO_FLAGS = { ctrlKey: false, altKey: false, shiftKey: false, metaKey: false };

const message = (
  type: KeyMessage["type"],
  key: string,
  keyCode: number,
  flags: Partial<KeyMessage> = {},
): KeyMessage => ({
  ...{ type, key, keyCode, ...NO_FLAGS },
  ...flags,
});

const steps = (keyboard: LegacyKeyboard, messages: readonly KeyMessage[]): string[] =>
  messages
    .flatMap((each) => keyboard.key(each))
    .map(({ down, repeat, usage }) => `${repeat ? "again" : down ? "down" : "up"} ${usage}`);

const usages = (...codes: string[]): number[] => codes.map(usageFromCode);

describe("keyboard", () => {
  test.each([
    ["Control", 17, "ControlLeft"],
    ["AltGraph", 225, "AltRight"],
    ["AltGraph", 18, "AltRight"],
    ["PageDown", 34, "PageDown"],
    ["F13", 124, "F13"],
    ["ö", 192, "Backquote"],
    ["5", 101, "Numpad5"],
    ["5", 53, "Digit5"],
    ["-", 173, "Minus"],
    ["-", 189, "Minus"],
    ["/", 111, "NumpadDivide"],
    ["Unidentified", 226, "IntlBackslash"],
    ["", 65, "KeyA"],
    [" ", 0, "Space"],
    ["é", 0, ""],
    ["Process", 229, ""],
  ])("%s with key code %i is %s", (key, keyCode, code) => expect(usageOf(key, keyCode)).toBe(usageFromCode(code)));

  test("a key means its character, its modifiers and what caps lock must be", () => {
    const keyboard = new LegacyKeyboard();
    const meaning = (key: string, keyCode: number, flags: Partial<KeyMessage> = {}) =>
      keyboard.key(message("keydown", key, keyCode, flags)).at(-1);
    expect(meaning("a", 65)).toMatchObject({ codePoint: 0x61, modifiers: 0 });
    expect(meaning("B", 66, { shiftKey: true })).toMatchObject({ codePoint: 0x42, modifiers: Modifier.shift });
    expect(meaning("C", 67)).toMatchObject({ codePoint: 0x43, modifiers: Modifier.capsLock });
    expect(meaning("😀", 231)).toMatchObject({ codePoint: 0x1f600, down: false });
    expect(meaning("Enter", 13, { ctrlKey: true, altKey: true })).toMatchObject({
      ...{ codePoint: 0, modifiers: Modifier.control | Modifier.alt },
    });
  });

  test("AltGr as Windows tells it is no Control", () => {
    const [control, altGraph, q] = usages("ControlLeft", "AltRight", "KeyQ");
    const keyboard = new LegacyKeyboard();
    const both = { ctrlKey: true, altKey: true };
    const pressed = steps(keyboard, [
      message("keydown", "Control", 17, { ctrlKey: true }),
      message("keydown", "AltGraph", 18, both),
    ]);
    expect(pressed).toEqual([`down ${control}`, `up ${control}`, `down ${altGraph}`]);
    expect(keyboard.key(message("keydown", "@", 81, both))).toMatchObject([
      { usage: q, codePoint: 0x40, modifiers: Modifier.altGraph },
    ]);
  });

  test("what a Mac keeps to itself while Meta is held is released with it", () => {
    const [meta, c] = usages("MetaLeft", "KeyC");
    const messages = [
      message("keydown", "Meta", 91, { metaKey: true }),
      message("keydown", "c", 67, { metaKey: true }),
      message("keyup", "Meta", 91),
    ];
    expect(steps(new LegacyKeyboard(), messages)).toEqual([`down ${meta}`, `down ${c}`, `up ${c}`, `up ${meta}`]);
  });

  test("a key that nothing is known of, and the release of one that is not held, do nothing", () => {
    const messages = [message("keydown", "Process", 229), message("keyup", "a", 65)];
    expect(steps(new LegacyKeyboard(), messages)).toEqual([]);
  });

  test("no more keys are held than the wire can say", () => {
    const messages = Array.from({ length: 60 }, (_, index) => message("keydown", "", 48 + index));
    expect(steps(new LegacyKeyboard(), messages)).toHaveLength(32);
  });
});
