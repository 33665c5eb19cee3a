import { Modifier } from "../../protocol/index.ts";
import { type Keymap, type LevelType, ModifierMask, ONE_LEVEL } from "./keymap.ts";
import { Keysym } from "./keysym.ts";

/** What a modifier key is for. `level3` is AltGr. */
export type ModifierRole = "shift" | "control" | "alt" | "meta" | "level3";

export const MODIFIER_ROLES: readonly ModifierRole[] = ["shift", "control", "alt", "meta", "level3"];

const KEYSYMS: Readonly<Record<ModifierRole, readonly number[]>> = {
  shift: [Keysym.shiftLeft, Keysym.shiftRight],
  control: [Keysym.controlLeft, Keysym.controlRight],
  alt: [Keysym.altLeft, Keysym.altRight, Keysym.metaLeft, Keysym.metaRight],
  meta: [Keysym.superLeft, Keysym.superRight],
  level3: [Keysym.level3Shift],
};

/** Left and right modifier keys by HID usage, and what each is for when AltGr is not what is meant. */
const ROLE_BY_USAGE: ReadonlyMap<number, ModifierRole> = new Map([
  [0xe0, "control"],
  [0xe1, "shift"],
  [0xe2, "alt"],
  [0xe3, "meta"],
  [0xe4, "control"],
  [0xe5, "shift"],
  [0xe6, "alt"],
  [0xe7, "meta"],
]);

const RIGHT_ALT_USAGE = 0xe6;
const FIRST_RIGHT_USAGE = 0xe4;

/** The role of a modifier key of a viewer, or undefined for another key. `modifiers` are those of its message. */
export function modifierRole(usage: number, modifiers: number): ModifierRole | undefined {
  if (usage === RIGHT_ALT_USAGE && (modifiers & Modifier.altGraph) !== 0) return "level3";
  return ROLE_BY_USAGE.get(usage);
}

/** Which modifier bits and keycodes play which role in one keymap. */
export class ModifierKeys {
  readonly numLockMask: number;
  /** The keymap's key type with the most levels that Shift and AltGr tell apart. */
  readonly levelType: LevelType;
  readonly #keymap: Keymap;
  readonly #masks: Readonly<Record<ModifierRole, number>>;
  readonly #keycodes: Readonly<Record<ModifierRole, readonly number[]>>;

  constructor(keymap: Keymap) {
    this.#keymap = keymap;
    const keycodes = (role: ModifierRole): number[] =>
      KEYSYMS[role].flatMap((keysym) => keymap.keycodesByKeysym(keysym));
    this.#keycodes = {
      shift: keycodes("shift"),
      control: keycodes("control"),
      alt: keycodes("alt"),
      meta: keycodes("meta"),
      level3: keycodes("level3"),
    };
    const mask = (role: ModifierRole): number => combinedMask(keymap, this.#keycodes[role]);
    this.#masks = {
      shift: ModifierMask.shift,
      control: ModifierMask.control,
      alt: mask("alt"),
      meta: mask("meta"),
      level3: mask("level3"),
    };
    this.levelType = chooseLevelType(keymap, this.#masks.shift, this.#masks.level3);
    this.numLockMask = combinedMask(keymap, keymap.keycodesByKeysym(Keysym.numLock));
  }

  /** The real modifiers of a role; 0 where the keymap has no key for it. */
  mask(role: ModifierRole): number {
    return this.#masks[role];
  }

  /** The real modifiers of all roles. */
  get allMasks(): number {
    return MODIFIER_ROLES.reduce((masks, role) => masks | this.#masks[role], 0);
  }

  /** A key that sets the role's modifiers. */
  keycode(role: ModifierRole): number | undefined {
    return this.#keycodes[role][0];
  }

  /** The key for a viewer's modifier key: in its place or on its side if that key has the role here, else another. */
  keycodeFor(role: ModifierRole, usage: number, physicalKeycode: number | undefined): number | undefined {
    const keycodes = this.#keycodes[role];
    if (physicalKeycode !== undefined && keycodes.includes(physicalKeycode)) return physicalKeycode;
    const side = KEYSYMS[role][usage >= FIRST_RIGHT_USAGE ? 1 : 0];
    return keycodes.find((keycode) => this.#keymap.keysym(keycode, 0, 0) === side) ?? keycodes[0];
  }

  roleOf(keycode: number): ModifierRole | undefined {
    return MODIFIER_ROLES.find((role) => this.#keycodes[role].includes(keycode));
  }
}

/**
 * Only types that the keymap has: X servers leave a type that is added without a valid name, and then programs cannot
 * read the keymap at all.
 */
function chooseLevelType(keymap: Keymap, shift: number, level3: number): LevelType {
  const choices = level3 === 0 ? [[shift]] : [[shift, level3], [shift]];
  for (const modifiers of choices) {
    const type = keymap.levelType(modifiers);
    if (type !== undefined) return { type, modifiers };
  }
  return { type: ONE_LEVEL, modifiers: [] };
}

function combinedMask(keymap: Keymap, keycodes: readonly number[]): number {
  return keycodes.reduce((mask, keycode) => mask | keymap.modifierMask(keycode), 0);
}
