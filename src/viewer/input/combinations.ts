import { usageFromCode } from "../../protocol/index.ts";
import type { KeyDraft } from "../messages.ts";

/** Keys pressed together that a browser or this computer would keep for itself. `codes` are DOM codes. */
export type Combination = { readonly label: string; readonly codes: readonly string[] };

const FUNCTION_KEYS = Array.from({ length: 12 }, (_, index) => `F${index + 1}`);

/** The menu of special combinations. */
export const COMBINATIONS: readonly Combination[] = [
  { label: "Ctrl+Alt+Del", codes: ["ControlLeft", "AltLeft", "Delete"] },
  { label: "Alt+Tab", codes: ["AltLeft", "Tab"] },
  { label: "Alt+Shift+Tab", codes: ["AltLeft", "ShiftLeft", "Tab"] },
  { label: "Alt+F4", codes: ["AltLeft", "F4"] },
  { label: "Meta", codes: ["MetaLeft"] },
  { label: "Meta+L", codes: ["MetaLeft", "KeyL"] },
  { label: "Ctrl+Esc", codes: ["ControlLeft", "Escape"] },
  { label: "Ctrl+Shift+Esc", codes: ["ControlLeft", "ShiftLeft", "Escape"] },
  { label: "Ctrl+W", codes: ["ControlLeft", "KeyW"] },
  { label: "PrintScreen", codes: ["PrintScreen"] },
  { label: "Alt+PrintScreen", codes: ["AltLeft", "PrintScreen"] },
  { label: "Esc", codes: ["Escape"] },
  ...FUNCTION_KEYS.map((key) => ({ label: `Ctrl+Alt+${key}`, codes: ["ControlLeft", "AltLeft", key] })),
];

/** Presses the keys in order and releases them in the opposite one. Throws `RangeError` for an unknown code. */
export function combinationDrafts(codes: readonly string[]): KeyDraft[] {
  const usages = codes.map((code) => {
    const usage = usageFromCode(code);
    if (usage === 0) throw new RangeError(`There is no key with the code "${code}".`);
    return usage;
  });
  const draft = (usage: number, down: boolean): KeyDraft => {
    return { kind: "key", down, repeat: false, usage, codePoint: 0, modifiers: 0 };
  };
  return [...usages.map((usage) => draft(usage, true)), ...usages.toReversed().map((usage) => draft(usage, false))];
}
