import { Keysym } from "./keysym.ts";

/** Where one physical key is found on an X server. */
export type PhysicalKey = {
  /** Names of the key in XKB keymaps, best first: its place on the keyboard, whatever the layout prints on it. */
  readonly names: readonly string[];
  /** What the key means on every layout; undefined for the keys that type characters. */
  readonly keysym?: number;
};

/**
 * HID usages (page 7) by XKB key name. Names, and not numbers, because servers number their keys differently (evdev, the
 * older xfree86) but all name them alike. Sources: USB HID Usage Tables 1.4, section 10; xkeyboard-config, keycodes.
 */
const NAMES: ReadonlyArray<readonly [usage: number, names: string, keysym?: number]> = [
  [0x28, "RTRN", Keysym.return],
  [0x29, "ESC", Keysym.escape],
  [0x2a, "BKSP", Keysym.backSpace],
  [0x2b, "TAB", Keysym.tab],
  [0x2c, "SPCE"],
  [0x2d, "AE11"],
  [0x2e, "AE12"],
  [0x2f, "AD11"],
  [0x30, "AD12"],
  [0x31, "BKSL AC12"],
  [0x32, "BKSL AC12"],
  [0x33, "AC10"],
  [0x34, "AC11"],
  [0x35, "TLDE"],
  [0x36, "AB08"],
  [0x37, "AB09"],
  [0x38, "AB10"],
  [0x39, "CAPS", Keysym.capsLock],
  [0x46, "PRSC", Keysym.print],
  [0x47, "SCLK", Keysym.scrollLock],
  [0x48, "PAUS", Keysym.pause],
  [0x49, "INS", Keysym.insert],
  [0x4a, "HOME", Keysym.home],
  [0x4b, "PGUP", Keysym.pageUp],
  [0x4c, "DELE", Keysym.delete],
  [0x4d, "END", Keysym.end],
  [0x4e, "PGDN", Keysym.pageDown],
  [0x4f, "RGHT", Keysym.right],
  [0x50, "LEFT", Keysym.left],
  [0x51, "DOWN", Keysym.down],
  [0x52, "UP", Keysym.up],
  [0x53, "NMLK", Keysym.numLock],
  [0x54, "KPDV"],
  [0x55, "KPMU"],
  [0x56, "KPSU"],
  [0x57, "KPAD"],
  [0x58, "KPEN", Keysym.keypadEnter],
  [0x59, "KP1"],
  [0x5a, "KP2"],
  [0x5b, "KP3"],
  [0x5c, "KP4"],
  [0x5d, "KP5"],
  [0x5e, "KP6"],
  [0x5f, "KP7"],
  [0x60, "KP8"],
  [0x61, "KP9"],
  [0x62, "KP0"],
  [0x63, "KPDL"],
  [0x64, "LSGT"],
  [0x65, "COMP MENU", Keysym.menu],
  [0x66, "POWR", Keysym.power],
  [0x67, "KPEQ"],
  [0x75, "HELP", Keysym.help],
  [0x7a, "UNDO", Keysym.undo],
  [0x7b, "CUT", Keysym.cut],
  [0x7c, "COPY", Keysym.copy],
  [0x7d, "PAST", Keysym.paste],
  [0x7e, "FIND", Keysym.find],
  [0x7f, "MUTE", Keysym.volumeMute],
  [0x80, "VOL+", Keysym.volumeUp],
  [0x81, "VOL-", Keysym.volumeDown],
  [0x85, "KPPT I129"],
  [0x87, "AB11"],
  [0x88, "HKTG", Keysym.hiraganaKatakana],
  [0x89, "AE13"],
  [0x8a, "HENK", Keysym.henkan],
  [0x8b, "MUHE", Keysym.muhenkan],
  [0x90, "HNGL", Keysym.hangul],
  [0x91, "HJCV", Keysym.hangulHanja],
  [0x92, "KATA", Keysym.katakana],
  [0x93, "HIRA", Keysym.hiragana],
  [0xe0, "LCTL", Keysym.controlLeft],
  [0xe1, "LFSH", Keysym.shiftLeft],
  [0xe2, "LALT", Keysym.altLeft],
  [0xe3, "LWIN LMTA", Keysym.superLeft],
  [0xe4, "RCTL", Keysym.controlRight],
  [0xe5, "RTSH", Keysym.shiftRight],
  [0xe6, "RALT ALGR", Keysym.altRight],
  [0xe7, "RWIN RMTA", Keysym.superRight],
];

/** Places of the letters a to z on the keyboard whose layout is US, the one that the DOM's codes are named after. */
const LETTERS =
  "AC01 AB05 AB03 AC03 AD03 AC04 AC05 AC06 AD08 AC07 AC08 AC09 AB07 AB06 AD09 AD10 AD01 AD04 AC02 AD05 AD07 AB04 AD02 AB02 AD06 AB01";

const KEYS: ReadonlyMap<number, PhysicalKey> = makeKeys();

/** The key of a HID usage (page 7), or undefined for one that X servers do not know. */
export function physicalKey(usage: number): PhysicalKey | undefined {
  return KEYS.get(usage);
}

/** Whether the key types characters on some layout, so that without a character it means nothing by itself. */
export function isCharacterKey(usage: number): boolean {
  const key = KEYS.get(usage);
  return key !== undefined && key.keysym === undefined && !isKeypadKey(usage);
}

/** Whether the key belongs to the number pad, where Num Lock decides what it means. */
export function isKeypadKey(usage: number): boolean {
  return (usage >= 0x54 && usage <= 0x63) || usage === 0x67 || usage === 0x85;
}

function makeKeys(): Map<number, PhysicalKey> {
  const keys = new Map<number, PhysicalKey>();
  for (const [usage, names, keysym] of NAMES) {
    keys.set(usage, keysym === undefined ? { names: names.split(" ") } : { names: names.split(" "), keysym });
  }
  for (const [index, name] of LETTERS.split(" ").entries()) keys.set(0x04 + index, { names: [name] });
  for (let digit = 1; digit <= 10; digit += 1) {
    keys.set(0x1d + digit, { names: [`AE${String(digit).padStart(2, "0")}`] });
  }
  for (let number = 1; number <= 24; number += 1) {
    const usage = number <= 12 ? 0x39 + number : 0x5b + number;
    keys.set(usage, { names: [`FK${String(number).padStart(2, "0")}`], keysym: Keysym.f1 + number - 1 });
  }
  return keys;
}
