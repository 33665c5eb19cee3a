import { describe, expect, it } from "vitest";
import { Modifier, usageFromCode } from "../../protocol/index.ts";
import { type KeyPress, KeyTranslator, type Platform } from "./key-translator.ts";

function press(code: string, key: string, modifiers: readonly string[] = [], change: Partial<KeyPress> = {}): KeyPress {
  const getModifierState = (name: string): boolean => modifiers.includes(name);
  return { code, key, repeat: false, isComposing: false, keyCode: 0, getModifierState, ...change };
}

function translator(platform: Platform = "other"): KeyTranslator {
  return new KeyTranslator(platform);
}

it("sends place, meaning and modifiers, and releases with the meaning of the press", () => {
  const keys = translator();
  const [down] = keys.down(press("KeyQ", "@", ["AltGraph"])).drafts;
  expect(down).toMatchObject({
    usage: usageFromCode("KeyQ"),
    codePoint: 0x40,
    modifiers: Modifier.altGraph,
    down: true,
  });
  const [up] = keys.up(press("KeyQ", "q")).drafts;
  expect(up).toMatchObject({ usage: usageFromCode("KeyQ"), codePoint: 0x40, modifiers: 0, down: false });
});

it("sends code points beyond the basic plane, and none for named keys", () => {
  const keys = translator();
  expect(keys.down(press("KeyA", "😀")).drafts[0]).toMatchObject({ codePoint: 0x1f600 });
  expect(keys.down(press("Enter", "Enter")).drafts[0]).toMatchObject({ codePoint: 0 });
});

it("marks repeats, and ignores releases of keys that were never pressed", () => {
  const keys = translator();
  keys.down(press("KeyA", "a"));
  expect(keys.down(press("KeyA", "a", [], { repeat: true })).drafts[0]).toMatchObject({ repeat: true });
  expect(keys.up(press("KeyB", "b")).drafts).toEqual([]);
  expect(keys.heldUsages()).toEqual([usageFromCode("KeyA")]);
});

it.each([
  ["a dead key", press("Quote", "Dead")],
  ["a composition", press("KeyA", "a", [], { isComposing: true })],
  ["an input method", press("KeyA", "Process", [], { keyCode: 229 })],
])("leaves %s to the browser, which delivers text", (_, event) => {
  expect(translator().down(event)).toEqual({ drafts: [], textFollows: true });
});

describe("on Windows", () => {
  it("takes the Control away that comes before AltGr", () => {
    const keys = translator("windows");
    expect(keys.down(press("ControlLeft", "Control", ["Control"])).drafts).toEqual([]);
    expect(keys.waiting).toBe(true);
    const { drafts } = keys.down(press("AltRight", "AltGraph", ["AltGraph"]));
    expect(drafts.map(({ usage }) => usage)).toEqual([usageFromCode("AltRight")]);
    expect(keys.up(press("ControlLeft", "Control")).drafts).toEqual([]);
  });

  it("keeps a real Control in order before the next key", () => {
    const keys = translator("windows");
    keys.down(press("ControlLeft", "Control", ["Control"]));
    const { drafts } = keys.down(press("KeyC", "c", ["Control"]));
    expect(drafts.map(({ usage }) => usage)).toEqual([usageFromCode("ControlLeft"), usageFromCode("KeyC")]);
  });

  it("sends a Control pressed alone when it is flushed or released", () => {
    const keys = translator("windows");
    keys.down(press("ControlLeft", "Control", ["Control"]));
    expect(keys.flush()).toHaveLength(1);
    keys.up(press("ControlLeft", "Control"));
    keys.down(press("ControlLeft", "Control", ["Control"]));
    expect(keys.up(press("ControlLeft", "Control")).drafts.map(({ down }) => down)).toEqual([true, false]);
  });
});

describe("on macOS", () => {
  it("releases the keys that Command swallowed", () => {
    const keys = translator("mac");
    keys.down(press("MetaLeft", "Meta", ["Meta"]));
    keys.down(press("KeyC", "c", ["Meta"]));
    const { drafts } = keys.up(press("MetaLeft", "Meta"));
    expect(drafts.map(({ usage }) => usage)).toEqual([usageFromCode("KeyC"), usageFromCode("MetaLeft")]);
    expect(keys.heldKeys).toBe(0);
  });

  it("presses and releases Caps Lock at each change", () => {
    const { drafts } = translator("mac").down(press("CapsLock", "CapsLock", ["CapsLock"]));
    expect(drafts.map(({ down }) => down)).toEqual([true, false]);
  });
});
