import { type Closable, Emitter, type Event } from "../../base/index.ts";
import { type HeldKeysInput, type KeyInput, Modifier } from "../../protocol/index.ts";
import { HeldKeys } from "./held-keys.ts";
import type { KeyboardDevice, KeyboardState } from "./keyboard-device.ts";
import { isCharacterKey, isKeypadKey, physicalKey } from "./keycode-table.ts";
import { type LevelType, ModifierMask } from "./keymap.ts";
import { codePointOfKeysym, isTypable, keysymOfCodePoint, upperCase } from "./keysym.ts";
import { MODIFIER_ROLES, ModifierKeys, modifierRole } from "./modifier-keys.ts";
import type { SpareKeyboard } from "./spare-keyboard.ts";
import { findStroke, type Stroke, type StrokeSituation, spareStroke } from "./stroke.ts";

const LAST_ASCII = 0x7e;
const SHORTCUT = Modifier.control | Modifier.alt | Modifier.meta;

/**
 * Types keys so that they mean on the machine what they mean to the viewer. A key that types a character goes by that
 * character: its own key if the layout agrees, else the key and modifiers that give it here, else a spare keycode. Other
 * keys go by their place. A viewer's auto-repeat is ignored for keys that are held here, because the X server repeats
 * those itself, at the rate that was set on the machine and without a network in between.
 */
export class Keyboard implements Closable {
  readonly #device: KeyboardDevice;
  readonly #spares: SpareKeyboard;
  readonly #held = new HeldKeys();
  readonly #notices = new Emitter<string>();
  #modifierKeys: ModifierKeys;
  #missing = new Set<number>();

  constructor(device: KeyboardDevice, spares: SpareKeyboard) {
    this.#device = device;
    this.#spares = spares;
    this.#modifierKeys = new ModifierKeys(device.keymap);
    device.onKeymap((keymap) => {
      this.#modifierKeys = new ModifierKeys(keymap);
      this.#missing = new Set();
    });
  }

  /** Keys that this machine cannot type, each told once per layout. */
  get onNotice(): Event<string> {
    return this.#notices.event;
  }

  key(input: KeyInput): void {
    if (!input.down) this.#up(input.viewer, input.usage);
    else if (!this.#held.has(input.viewer, input.usage)) this.#down(input);
    else if (this.#held.codeOf(input.viewer, input.usage) === undefined) this.#down(input);
    this.#device.flush();
  }

  /** Releases the viewer's keys that are not in its snapshot. */
  retain(input: HeldKeysInput): void {
    for (const usage of this.#held.usages(input.viewer)) {
      if (!input.usages.includes(usage)) this.#up(input.viewer, usage);
    }
    this.#device.flush();
  }

  release(viewer: number): void {
    for (const usage of this.#held.usages(viewer)) this.#up(viewer, usage);
    this.#device.flush();
  }

  /**
   * Types as many of the keysyms (of characters, Return, Tab) as can be typed now, while keys that viewers hold are let
   * go for the moment. Returns their number, and how long to wait before the next ones; undefined if never.
   */
  typeSome(keysyms: readonly number[]): { readonly typed: number; readonly waitMs: number | undefined } {
    const state = this.#device.state();
    const all = this.#modifierKeys.allMasks | ModifierMask.lock;
    const situation = this.#situation(state, state.modifiers & ~all);
    const strokes = this.#spares.place(keysyms, this.#circumstances(), (keysym) =>
      this.#strokeOfKeysym(situation, keysym),
    );
    if (strokes.length > 0) {
      const restore = this.#changeModifiers(state.modifiers, situation.modifiers);
      let current = situation.modifiers;
      for (const { keycode, modifiers } of strokes) {
        this.#switchModifiers(current, modifiers);
        current = modifiers;
        this.#tap(keycode);
      }
      this.#switchModifiers(current, situation.modifiers);
      restore();
      this.#device.flush();
    }
    return { typed: strokes.length, waitMs: this.#spares.waitMs(this.#circumstances()) };
  }

  /** Releases everything. */
  close(): void {
    for (const viewer of this.#held.viewers()) this.release(viewer);
    this.#notices.close();
  }

  #down(input: KeyInput): void {
    const role = modifierRole(input.usage, input.modifiers);
    const physical = this.#physicalKeycode(input.usage);
    if (role !== undefined) {
      this.#hold(input, this.#modifierKeys.keycodeFor(role, input.usage, physical));
    } else if (isTypable(input.codePoint)) {
      this.#character(input, physical);
    } else if (isKeypadKey(input.usage) && physical !== undefined) {
      this.#agreeOnNumLock(this.#device.state(), physical, 0);
      this.#hold(input, physical);
    } else if (isCharacterKey(input.usage) && (input.modifiers & SHORTCUT) === 0) {
      // A dead key: the viewer's system composes, and the composed character follows.
      this.#hold(input, undefined);
    } else {
      this.#named(input, physical);
    }
  }

  #up(viewer: number, usage: number): void {
    const keycode = this.#held.letGo(viewer, usage);
    if (keycode !== undefined) this.#send(keycode, false);
  }

  #character(input: KeyInput, physical: number | undefined): void {
    const state = this.#agreeOnLocks(input, physical);
    const shortcut = shortcutModifiers(input.modifiers);
    const situation = this.#situation(state, this.#withShortcut(state.modifiers, shortcut));
    const stroke =
      findStroke(situation, input.codePoint, physical) ??
      (shortcut !== 0 && input.codePoint > LAST_ASCII && physical !== undefined
        ? // A shortcut on a Cyrillic or Greek keyboard means the key, not the letter.
          { keycode: physical, modifiers: situation.modifiers }
        : this.#strokeBeyondLayout(situation, keysymOfCodePoint(input.codePoint)));
    if (stroke === undefined) this.#tellMissing(input.codePoint);
    else this.#strike(input, stroke, state);
  }

  /** A key without a character: the one in its place, else any with its meaning, else a spare one that is given it. */
  #named(input: KeyInput, physical: number | undefined): void {
    const keysym = physicalKey(input.usage)?.keysym;
    if (physical !== undefined || keysym === undefined) {
      this.#hold(input, physical);
      return;
    }
    const state = this.#device.state();
    const situation = this.#situation(state, state.modifiers);
    const stroke = this.#strokeOfKeysym(situation, keysym) ?? this.#giveSpare(situation, keysym);
    if (stroke !== undefined) this.#strike(input, stroke, state);
  }

  /** Holds the key if it means under the present modifiers what it should, otherwise types it once. */
  #strike(input: KeyInput, stroke: Stroke, state: KeyboardState): void {
    if (stroke.modifiers === state.modifiers && input.usage !== 0 && !this.#held.isDown(stroke.keycode)) {
      this.#hold(input, stroke.keycode);
      return;
    }
    // Held under changed modifiers, the key would repeat as another character once they are changed back.
    const restore = this.#changeModifiers(state.modifiers, stroke.modifiers);
    this.#tap(stroke.keycode);
    restore();
    if (input.usage !== 0) this.#held.hold(input.viewer, input.usage, undefined);
  }

  #hold(input: KeyInput, keycode: number | undefined): void {
    if (this.#held.hold(input.viewer, input.usage, keycode) && keycode !== undefined) this.#send(keycode, true);
  }

  #tap(keycode: number): void {
    if (this.#held.isDown(keycode)) {
      this.#send(keycode, false);
      this.#held.drop(keycode);
    }
    this.#send(keycode, true);
    this.#send(keycode, false);
  }

  #send(keycode: number, down: boolean): void {
    this.#device.key(keycode, down);
    this.#spares.use(keycode);
  }

  #physicalKeycode(usage: number): number | undefined {
    const key = physicalKey(usage);
    const keycode = key === undefined ? undefined : this.#device.keymap.keycodeByName(key.names);
    if (keycode === undefined || this.#spares.keycodes.has(keycode)) return undefined;
    return this.#device.keymap.isUnused(keycode) ? undefined : keycode;
  }

  #strokeOfKeysym(situation: StrokeSituation, keysym: number): Stroke | undefined {
    const codePoint = codePointOfKeysym(keysym);
    if (codePoint !== 0) return findStroke(situation, codePoint, undefined) ?? this.#placedStroke(situation, keysym);
    const keycode = this.#device.keymap
      .keycodesByKeysym(keysym)
      .find((candidate) => !this.#spares.keycodes.has(candidate));
    return keycode === undefined ? this.#placedStroke(situation, keysym) : { keycode, modifiers: situation.modifiers };
  }

  #placedStroke(situation: StrokeSituation, keysym: number): Stroke | undefined {
    const place = this.#spares.keycodes.find(keysym);
    return place && spareStroke(situation, place);
  }

  #strokeBeyondLayout(situation: StrokeSituation, keysym: number): Stroke | undefined {
    return this.#placedStroke(situation, keysym) ?? this.#giveSpare(situation, keysym);
  }

  #giveSpare(situation: StrokeSituation, keysym: number): Stroke | undefined {
    const place = this.#spares.giveNow(keysym, this.#circumstances());
    return place && spareStroke(situation, place);
  }

  #circumstances(): { isDown: (keycode: number) => boolean; levelType: LevelType } {
    return { isDown: (keycode) => this.#held.isDown(keycode), levelType: this.#modifierKeys.levelType };
  }

  #situation(state: KeyboardState, modifiers: number): StrokeSituation {
    let ours = 0;
    for (const keycode of this.#held.codes()) {
      const role = this.#modifierKeys.roleOf(keycode);
      if (role !== undefined) ours |= this.#modifierKeys.mask(role);
    }
    return {
      keymap: this.#device.keymap,
      modifierKeys: this.#modifierKeys,
      spares: this.#spares.keycodes,
      group: state.group,
      modifiers,
      fixedModifiers: state.modifiers & ~ours,
    };
  }

  /** Brings Caps Lock, and Num Lock for the number pad, to where the viewer has them. */
  #agreeOnLocks(input: KeyInput, physical: number | undefined): KeyboardState {
    const state = this.#device.state();
    if (physical !== undefined && isKeypadKey(input.usage)) {
      return this.#agreeOnNumLock(state, physical, input.codePoint);
    }
    const wanted = (input.modifiers & Modifier.capsLock) !== 0;
    if (wanted === ((state.modifiers & ModifierMask.lock) !== 0) || !isCased(input.codePoint)) return state;
    this.#device.setLocks(ModifierMask.lock, wanted ? ModifierMask.lock : 0);
    return { ...state, modifiers: state.modifiers ^ ModifierMask.lock };
  }

  /** Not by the viewer's Num Lock, which a Mac does not have, but by what its key means. */
  #agreeOnNumLock(state: KeyboardState, keycode: number, codePoint: number): KeyboardState {
    const numLock = this.#modifierKeys.numLockMask;
    const { keymap } = this.#device;
    const means = (modifiers: number): number => codePointOfKeysym(keymap.keysym(keycode, state.group, modifiers));
    const toggled = state.modifiers ^ numLock;
    if (means(state.modifiers) === codePoint || means(toggled) !== codePoint) return state;
    this.#device.setLocks(numLock, toggled);
    return { ...state, modifiers: toggled };
  }

  /** The real modifiers, with those of shortcuts as the viewer says. */
  #withShortcut(modifiers: number, shortcut: number): number {
    const { control, alt, meta } = {
      control: this.#modifierKeys.mask("control"),
      alt: this.#modifierKeys.mask("alt"),
      meta: this.#modifierKeys.mask("meta"),
    };
    let result = modifiers & ~(control | alt | meta);
    if ((shortcut & Modifier.control) !== 0) result |= control;
    if ((shortcut & Modifier.alt) !== 0) result |= alt;
    if ((shortcut & Modifier.meta) !== 0) result |= meta;
    return result;
  }

  /** Makes `to` of the modifiers that are in effect; the function returned brings back `from`. */
  #changeModifiers(from: number, to: number): () => void {
    const released: number[] = [];
    const held = this.#held.codes();
    for (const role of MODIFIER_ROLES) {
      const mask = this.#modifierKeys.mask(role);
      if ((from & mask) === 0 || (to & mask) !== 0) continue;
      for (const keycode of held) if (this.#modifierKeys.roleOf(keycode) === role) released.push(keycode);
    }
    const unlocked = from & ~to & ModifierMask.lock;
    const added = to & ~from;
    for (const keycode of released) this.#device.key(keycode, false);
    if (unlocked !== 0) this.#device.setLocks(unlocked, 0);
    this.#switchModifiers(0, added);
    return () => {
      this.#switchModifiers(added, 0);
      if (unlocked !== 0) this.#device.setLocks(unlocked, unlocked);
      for (const keycode of released) this.#device.key(keycode, true);
    };
  }

  /** Presses and releases modifier keys that nobody holds. */
  #switchModifiers(from: number, to: number): void {
    for (const role of MODIFIER_ROLES) {
      const mask = this.#modifierKeys.mask(role);
      const keycode = this.#modifierKeys.keycode(role);
      if (keycode !== undefined && ((from ^ to) & mask) !== 0) this.#device.key(keycode, (to & mask) !== 0);
    }
  }

  #tellMissing(codePoint: number): void {
    if (this.#missing.has(codePoint)) return;
    this.#missing.add(codePoint);
    const name = codePoint.toString(16).toUpperCase().padStart(4, "0");
    this.#notices.emit(`The character U+${name} cannot be typed: the keyboard layout has no spare keycode for it.`);
  }
}

/** Control, Alt and Meta of a message; with AltGr only Meta, since AltGr is made of the other two on some systems. */
function shortcutModifiers(modifiers: number): number {
  return modifiers & ((modifiers & Modifier.altGraph) !== 0 ? Modifier.meta : SHORTCUT);
}

function isCased(codePoint: number): boolean {
  const text = String.fromCodePoint(codePoint);
  return upperCase(codePoint) !== codePoint || text.toLowerCase() !== text;
}
