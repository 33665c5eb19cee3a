import { MAX_HELD_KEYS, Modifier, usageFromCode } from "../../protocol/index.ts";
import type { KeyDraft } from "../messages.ts";

/** The parts of a `KeyboardEvent` that matter. */
export type KeyPress = {
  readonly code: string;
  readonly key: string;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
  getModifierState(key: string): boolean;
};

export type Platform = "windows" | "mac" | "other";

/** What a key press means: keys to send, or that the browser will deliver text for it. */
export type KeyResult = { readonly drafts: readonly KeyDraft[]; readonly textFollows: boolean };

type Held = { readonly usage: number; readonly codePoint: number };

const TEXT_FOLLOWS: KeyResult = { drafts: [], textFollows: true };
/** `keyCode` of keys that an input method or soft keyboard is handling. */
const IME_KEY_CODE = 229;

const MODIFIERS: ReadonlyArray<readonly [name: string, bit: number]> = [
  ["Shift", Modifier.shift],
  ["Control", Modifier.control],
  ["Alt", Modifier.alt],
  ["Meta", Modifier.meta],
  ["AltGraph", Modifier.altGraph],
  ["CapsLock", Modifier.capsLock],
  ["NumLock", Modifier.numLock],
];

/**
 * Turns key events into key messages and remembers what is held. It knows three habits of platforms: Windows reports
 * AltGr as a Control press followed by it, macOS swallows the release of keys while Command is held, and reports Caps
 * Lock once per change.
 */
export class KeyTranslator {
  readonly #platform: Platform;
  readonly #held = new Map<string, Held>();
  /** A left Control on Windows that may turn out to be the first half of AltGr. */
  #waitingControl: KeyPress | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Whether `flush` is due soon: a Control press is held back until it is clear what it is. */
  get waiting(): boolean {
    return this.#waitingControl !== undefined;
  }

  get heldKeys(): number {
    return this.#held.size;
  }

  /** The usages held, for a snapshot. Keys that the browser cannot name have none and are left out. */
  heldUsages(): number[] {
    const usages = [...this.#held.values()].map(({ usage }) => usage).filter((usage) => usage !== 0);
    return [...new Set(usages)].slice(0, MAX_HELD_KEYS);
  }

  down(press: KeyPress): KeyResult {
    if (press.isComposing || press.keyCode === IME_KEY_CODE || press.key === "Dead" || press.key === "Process") {
      return TEXT_FOLLOWS;
    }
    if (this.#platform === "windows" && press.code === "ControlLeft" && !this.#held.has("ControlLeft")) {
      if (this.#waitingControl === undefined && !press.repeat) {
        this.#waitingControl = press;
        return { drafts: [], textFollows: false };
      }
      return { drafts: [], textFollows: false };
    }
    if (press.code === "AltRight" && press.key === "AltGraph") this.#waitingControl = undefined;
    return { drafts: [...this.flush(), ...this.#press(press)], textFollows: false };
  }

  up(press: KeyPress): KeyResult {
    const drafts = this.flush();
    if (this.#platform === "mac" && (press.code === "MetaLeft" || press.code === "MetaRight")) {
      // No release came for keys pressed with Command; they would repeat for ever.
      for (const code of [...this.#held.keys()]) if (!isModifierCode(code)) drafts.push(...this.#release(code, press));
    }
    drafts.push(...this.#release(press.code, press));
    return { drafts, textFollows: false };
  }

  /** Sends what was held back: it was a real Control press. */
  flush(): KeyDraft[] {
    const press = this.#waitingControl;
    this.#waitingControl = undefined;
    return press === undefined ? [] : this.#press(press);
  }

  /** Forgets everything held; the caller sends an empty held-keys snapshot. */
  clear(): void {
    this.#held.clear();
    this.#waitingControl = undefined;
  }

  #press(press: KeyPress): KeyDraft[] {
    const codePoint = codePointOf(press.key);
    const usage = usageFromCode(press.code);
    if (usage === 0 && codePoint === 0) return [];
    const modifiers = modifiersOf(press);
    const repeat = press.repeat && this.#held.has(press.code);
    const down: KeyDraft = { kind: "key", down: true, repeat, usage, codePoint, modifiers };
    if (this.#platform === "mac" && press.code === "CapsLock") return [down, { ...down, down: false }];
    this.#held.set(press.code, { usage, codePoint });
    return [down];
  }

  /** A release names the same key and meaning as its press, whatever modifiers changed since. */
  #release(code: string, press: KeyPress): KeyDraft[] {
    const held = this.#held.get(code);
    if (held === undefined) return [];
    this.#held.delete(code);
    return [{ kind: "key", down: false, repeat: false, ...held, modifiers: modifiersOf(press) }];
  }
}

function codePointOf(key: string): number {
  const [character, second] = key;
  return character !== undefined && second === undefined ? (character.codePointAt(0) ?? 0) : 0;
}

function modifiersOf(press: KeyPress): number {
  return MODIFIERS.reduce((bits, [name, bit]) => (press.getModifierState(name) ? bits | bit : bits), 0);
}

function isModifierCode(code: string): boolean {
  return /^(?:Shift|Control|Alt|Meta)(?:Left|Right)$|^CapsLock$/.test(code);
}
