import { MAX_HELD_KEYS, Modifier, usageFromCode } from "../../protocol/index.ts";
import type { KeyMessage } from "./client-messages.ts";
import { usageOf } from "./key-names.ts";

/** A key input without the fields that every input has. */
export type KeyAction = {
  readonly kind: "key";
  readonly down: boolean;
  readonly repeat: boolean;
  readonly usage: number;
  readonly codePoint: number;
  readonly modifiers: number;
};

type Held = { readonly usage: number; readonly codePoint: number; readonly key: string };

const CONTROL = usageFromCode("ControlLeft");

/** Which flag of a message says that a modifier is really down. */
const FLAG_BY_KEY = {
  Control: "ctrlKey",
  Shift: "shiftKey",
  Alt: "altKey",
  Meta: "metaKey",
} as const;

/**
 * Turns the client's key messages into input. It sends no places, no repeats and no releases while its panel is open, so
 * places are told from names and key codes, repeats from what is held, and a modifier that a later message denies is let go.
 */
export class LegacyKeyboard {
  readonly #held = new Map<number | string, Held>();

  /** Empty for a key that nothing is known of. */
  key(message: KeyMessage): KeyAction[] {
    const id = message.keyCode === 0 ? message.key : message.keyCode;
    return message.type === "keydown" ? this.#down(id, message) : this.#up(id, message);
  }

  #down(id: number | string, message: KeyMessage): KeyAction[] {
    const { key } = message;
    const actions = this.#dropDenied(message);
    const modifiers = this.#modifiers(message);
    const known = this.#held.get(id);
    if (known !== undefined) {
      const { usage, codePoint } = known;
      return [...actions, { kind: "key", down: true, repeat: true, usage, codePoint, modifiers }];
    }
    const usage = usageOf(key, message.keyCode);
    const codePoint = characterOf(key);
    // Windows reports AltGr as a left Control and AltGr.
    if (key === "AltGraph") actions.push(...this.#release((held) => held.usage === CONTROL, modifiers));
    const press: KeyAction = { kind: "key", down: true, repeat: false, usage, codePoint, modifiers };
    if (usage === 0) return codePoint === 0 ? actions : [...actions, press, { ...press, down: false }];
    if (this.#held.size >= MAX_HELD_KEYS) return actions;
    this.#held.set(id, { usage, codePoint, key });
    return [...actions, press];
  }

  #up(id: number | string, message: KeyMessage): KeyAction[] {
    const modifiers = this.#modifiers(message);
    const held = this.#held.get(id);
    const actions = this.#dropDenied(message);
    // A Mac tells of no releases while Meta is held.
    if (held?.key === "Meta") actions.push(...this.#release((other) => !(other.key in FLAG_BY_KEY), modifiers));
    return held === undefined ? actions : [...actions, ...this.#release((other) => other === held, modifiers)];
  }

  /** Modifiers that are held here although this message says that they are not. */
  #dropDenied(message: KeyMessage): KeyAction[] {
    const denied = (held: Held): boolean =>
      held.key in FLAG_BY_KEY &&
      held.key !== message.key &&
      !message[FLAG_BY_KEY[held.key as keyof typeof FLAG_BY_KEY]];
    return this.#release(denied, this.#modifiers(message));
  }

  #release(chosen: (held: Held) => boolean, modifiers: number): KeyAction[] {
    const actions: KeyAction[] = [];
    for (const [id, held] of this.#held) {
      if (!chosen(held)) continue;
      this.#held.delete(id);
      const { usage, codePoint } = held;
      actions.push({ kind: "key", down: false, repeat: false, usage, codePoint, modifiers });
    }
    return actions;
  }

  #modifiers({ key, ctrlKey, altKey, shiftKey, metaKey }: KeyMessage): number {
    const altGraph = key === "AltGraph" || [...this.#held.values()].some((held) => held.key === "AltGraph");
    let bits = (shiftKey ? Modifier.shift : 0) | (metaKey ? Modifier.meta : 0);
    if (altGraph) bits |= Modifier.altGraph;
    else bits |= (ctrlKey ? Modifier.control : 0) | (altKey ? Modifier.alt : 0);
    return bits | (isCapital(key, shiftKey) ? Modifier.capsLock : 0);
  }
}

/** The code point of a `key` that is one character, else 0. */
function characterOf(key: string): number {
  const codePoint = key.codePointAt(0) ?? 0;
  const isOne = key.length === (codePoint > 0xffff ? 2 : 1);
  return isOne && (codePoint < 0xd800 || codePoint > 0xdfff) ? codePoint : 0;
}

/** Whether a letter's case tells that caps lock is on. */
function isCapital(key: string, shiftKey: boolean): boolean {
  if (characterOf(key) === 0 || key.toLowerCase() === key.toUpperCase()) return false;
  return (key === key.toUpperCase()) !== shiftKey;
}
