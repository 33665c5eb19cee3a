import { type Keymap, levelMask, ModifierMask } from "./keymap.ts";
import { codePointOfKeysym } from "./keysym.ts";
import type { ModifierKeys } from "./modifier-keys.ts";
import type { SpareKeycodes, SparePlace } from "./spare-keycodes.ts";

/** A way to type a character: a key, and the modifiers (a real mask) under which it must go down. */
export type Stroke = { readonly keycode: number; readonly modifiers: number };

/** The circumstances under which a stroke is looked for. */
export type StrokeSituation = {
  readonly keymap: Keymap;
  readonly modifierKeys: ModifierKeys;
  readonly spares: SpareKeycodes;
  readonly group: number;
  /** The modifiers to type under; Shift and AltGr may be changed where the character needs it. */
  readonly modifiers: number;
  /** Modifiers that cannot be taken away, because somebody at the machine holds their keys. */
  readonly fixedModifiers: number;
};

/**
 * The stroke that types the character with the keys of the layout, changing as few modifiers as possible and preferring
 * the key that the viewer really pressed. Undefined if the layout cannot type it without a dead key.
 */
export function findStroke(
  situation: StrokeSituation,
  codePoint: number,
  physicalKeycode: number | undefined,
): Stroke | undefined {
  const { keymap, group, spares, modifierKeys } = situation;
  const shift = modifierKeys.mask("shift");
  const level3 = modifierKeys.mask("level3");
  for (const toggled of new Set([0, shift, level3, shift | level3])) {
    const modifiers = situation.modifiers ^ toggled;
    if ((toggled & situation.modifiers & situation.fixedModifiers) !== 0) continue;
    if (physicalKeycode !== undefined && !spares.has(physicalKeycode)) {
      const keysym = keymap.keysym(physicalKeycode, group, modifiers);
      if (codePointOfKeysym(keysym) === codePoint) return { keycode: physicalKeycode, modifiers };
    }
    const keycode = keymap.keycodesTyping(codePoint, group, modifiers).find((candidate) => !spares.has(candidate));
    if (keycode !== undefined) return { keycode, modifiers };
  }
  return undefined;
}

/** The stroke for what a spare keycode was given at a level. */
export function spareStroke(situation: StrokeSituation, place: SparePlace): Stroke {
  const { modifiers } = situation.modifierKeys.levelType;
  // Without Caps Lock: the key's type does not mention it, so programs would capitalize by themselves.
  const others = situation.modifiers & ~(levelMask(modifiers, -1) | ModifierMask.lock);
  return { keycode: place.keycode, modifiers: others | levelMask(modifiers, place.level) };
}
