import { usageFromCode } from "../../protocol/index.ts";

/** DOM `key` names that are not the name of a key's place; the client does not say which of two equal keys it is. */
const CODE_BY_KEY: Readonly<Record<string, string>> = {
  Control: "ControlLeft",
  Shift: "ShiftLeft",
  Alt: "AltLeft",
  AltGraph: "AltRight",
  Meta: "MetaLeft",
  OS: "MetaLeft",
  " ": "Space",
};

const NAMES = "Enter Escape Backspace Tab CapsLock PrintScreen ScrollLock Pause Insert Home PageUp Delete End PageDown"
  .concat(" ArrowRight ArrowLeft ArrowDown ArrowUp NumLock ContextMenu Help Undo Cut Copy Paste Find")
  .concat(" AudioVolumeMute AudioVolumeUp AudioVolumeDown KanaMode Convert NonConvert");

/** Keys whose `key` is also the name of their place. */
const SAME_NAME: ReadonlySet<string> = new Set(
  NAMES.split(" ").concat(Array.from({ length: 24 }, (_, index) => `F${index + 1}`)),
);

/** Places by the DOM's legacy `keyCode` (W3C UI Events, appendix A; the numbers of both families of browsers). */
const CODE_BY_KEY_CODE: ReadonlyMap<number, string> = new Map([
  ...places(8, ["Backspace", "Tab"]),
  ...places(12, ["Numpad5", "Enter"]),
  ...places(16, ["ShiftLeft", "ControlLeft", "AltLeft", "Pause", "CapsLock"]),
  ...places(27, ["Escape"]),
  ...places(32, ["Space", "PageUp", "PageDown", "End", "Home", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"]),
  ...places(44, ["PrintScreen", "Insert", "Delete"]),
  ...places(48, names("Digit", "0123456789")),
  ...places(59, ["Semicolon"]),
  ...places(61, ["Equal"]),
  ...places(65, names("Key", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
  ...places(91, ["MetaLeft", "MetaRight", "ContextMenu"]),
  ...places(96, names("Numpad", "0123456789")),
  ...places(106, ["NumpadMultiply", "NumpadAdd"]),
  ...places(109, ["NumpadSubtract", "NumpadDecimal", "NumpadDivide"]),
  ...places(
    112,
    Array.from({ length: 24 }, (_, index) => `F${index + 1}`),
  ),
  ...places(144, ["NumLock", "ScrollLock"]),
  ...places(173, ["Minus"]),
  ...places(186, ["Semicolon", "Equal", "Comma", "Minus", "Period", "Slash", "Backquote"]),
  ...places(219, ["BracketLeft", "Backslash", "BracketRight", "Quote"]),
  ...places(224, ["MetaLeft", "AltRight", "IntlBackslash"]),
]);

/** The HID usage of a key known by its DOM `key` and `keyCode` only; 0 when neither tells. */
export function usageOf(key: string, keyCode: number): number {
  const code = CODE_BY_KEY[key] ?? (SAME_NAME.has(key) ? key : CODE_BY_KEY_CODE.get(keyCode));
  return code === undefined ? 0 : usageFromCode(code);
}

function places(first: number, codes: readonly string[]): Array<[keyCode: number, code: string]> {
  return codes.map((code, index) => [first + index, code]);
}

function names(prefix: string, letters: string): string[] {
  return [...letters].map((letter) => prefix + letter);
}
