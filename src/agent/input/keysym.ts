import { LEGACY_KEYSYMS, NO_CHARACTER } from "./legacy-keysyms.ts";

/** Keysyms that have no character and are needed by name. Source: X protocol, appendix A, and its vendor extensions. */
export const Keysym = {
  backSpace: 0xff08,
  tab: 0xff09,
  return: 0xff0d,
  pause: 0xff13,
  scrollLock: 0xff14,
  escape: 0xff1b,
  muhenkan: 0xff22,
  henkan: 0xff23,
  hiragana: 0xff25,
  katakana: 0xff26,
  hiraganaKatakana: 0xff27,
  hangul: 0xff31,
  hangulHanja: 0xff34,
  home: 0xff50,
  left: 0xff51,
  up: 0xff52,
  right: 0xff53,
  down: 0xff54,
  pageUp: 0xff55,
  pageDown: 0xff56,
  end: 0xff57,
  print: 0xff61,
  insert: 0xff63,
  undo: 0xff65,
  menu: 0xff67,
  find: 0xff68,
  help: 0xff6a,
  numLock: 0xff7f,
  keypadEnter: 0xff8d,
  f1: 0xffbe,
  shiftLeft: 0xffe1,
  shiftRight: 0xffe2,
  controlLeft: 0xffe3,
  controlRight: 0xffe4,
  capsLock: 0xffe5,
  metaLeft: 0xffe7,
  metaRight: 0xffe8,
  altLeft: 0xffe9,
  altRight: 0xffea,
  superLeft: 0xffeb,
  superRight: 0xffec,
  delete: 0xffff,
  level3Shift: 0xfe03,
  volumeDown: 0x1008ff11,
  volumeMute: 0x1008ff12,
  volumeUp: 0x1008ff13,
  power: 0x1008ff2a,
  copy: 0x1008ff57,
  cut: 0x1008ff58,
  paste: 0x1008ff6d,
} as const;

const UNICODE_BASE = 0x01000000;
const LAST_UNICODE = UNICODE_BASE + 0x10ffff;
const KEYPAD_FIRST = 0xff80;
const KEYPAD_LAST = 0xffbd;
const KEYPAD_SPACE = 0xff80;
const KEYPAD_EQUAL = 0xffbd;
/** KP_Multiply; from here to KP_9 the keypad's keysyms follow ASCII from the asterisk. */
const KEYPAD_ASTERISK = 0xffaa;
const KEYPAD_NINE = 0xffb9;

let legacy: ReadonlyMap<number, number> | undefined;

/** The character a keysym stands for, as a code point; 0 for one that has none (arrows, modifiers, dead keys). */
export function codePointOfKeysym(keysym: number): number {
  if (isLatin1(keysym)) return keysym;
  if (keysym > UNICODE_BASE && keysym <= LAST_UNICODE) return keysym - UNICODE_BASE;
  if (isKeypadKeysym(keysym)) return keypadCodePoint(keysym);
  legacy ??= legacyCodePoints();
  return legacy.get(keysym) ?? 0;
}

/** The keysym for a character, in the form that every X client of this century reads. `codePoint` must be printable. */
export function keysymOfCodePoint(codePoint: number): number {
  return isLatin1(codePoint) ? codePoint : UNICODE_BASE + codePoint;
}

/** Whether the code point is a character that a key can type, and not a control character or a surrogate. */
export function isTypable(codePoint: number): boolean {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return false;
  return codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
}

/** Whether the keysym belongs to the number pad. */
export function isKeypadKeysym(keysym: number): boolean {
  return keysym >= KEYPAD_FIRST && keysym <= KEYPAD_LAST;
}

/** The keysym after Caps Lock did its work on it, for keys whose type does not mention Lock. */
export function upperCaseKeysym(keysym: number): number {
  const codePoint = codePointOfKeysym(keysym);
  if (codePoint === 0) return keysym;
  const upper = upperCase(codePoint);
  return upper === codePoint ? keysym : keysymOfCodePoint(upper);
}

/** The upper-case form of a character where it is one character, otherwise the character itself. */
export function upperCase(codePoint: number): number {
  const upper = [...String.fromCodePoint(codePoint).toUpperCase()];
  return upper.length === 1 ? ((upper[0] as string).codePointAt(0) as number) : codePoint;
}

function isLatin1(value: number): boolean {
  return (value >= 0x20 && value <= 0x7e) || (value >= 0xa0 && value <= 0xff);
}

function keypadCodePoint(keysym: number): number {
  if (keysym === KEYPAD_SPACE) return 0x20;
  if (keysym === KEYPAD_EQUAL) return 0x3d;
  return keysym >= KEYPAD_ASTERISK && keysym <= KEYPAD_NINE ? 0x2a + keysym - KEYPAD_ASTERISK : 0;
}

function legacyCodePoints(): Map<number, number> {
  const codePoints = new Map<number, number>();
  for (const [firstKeysym, characters] of LEGACY_KEYSYMS) {
    let keysym = firstKeysym;
    for (const character of characters) {
      if (character !== NO_CHARACTER) codePoints.set(keysym, character.codePointAt(0) as number);
      keysym += 1;
    }
  }
  return codePoints;
}
