import { expect, it } from "vitest";
import { usageFromCode } from "../../protocol/index.ts";
import { COMBINATIONS, combinationDrafts } from "./combinations.ts";
import { hotkeyOf } from "./hotkeys.ts";

const HELD = { ctrlKey: true, altKey: true, shiftKey: true };

it("knows its hotkeys by the place of the key", () => {
  expect(hotkeyOf({ ...HELD, code: "KeyQ" })).toEqual({ action: "release" });
  expect(hotkeyOf({ ...HELD, code: "Digit3" })).toEqual({ action: "source", index: 2 });
  expect(hotkeyOf({ ...HELD, code: "ArrowLeft" })).toEqual({ action: "next-source", step: -1 });
  expect(hotkeyOf({ ...HELD, code: "Digit0" })).toBeUndefined();
  expect(hotkeyOf({ ...HELD, shiftKey: false, code: "KeyQ" })).toBeUndefined();
});

it("presses combinations in order and releases them backwards", () => {
  const drafts = combinationDrafts(["ControlLeft", "AltLeft", "Delete"]);
  const signed = drafts.map(({ usage, down }) => (down ? usage : -usage));
  const [control, alt, del] = ["ControlLeft", "AltLeft", "Delete"].map(usageFromCode) as [number, number, number];
  expect(signed).toEqual([control, alt, del, -del, -alt, -control]);
  expect(() => combinationDrafts(["NoSuchKey"])).toThrow(RangeError);
});

it("offers only combinations that exist, none of them a hotkey", () => {
  for (const { codes } of COMBINATIONS) {
    expect(combinationDrafts(codes)).toHaveLength(codes.length * 2);
  }
});
