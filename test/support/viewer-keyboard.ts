import type { InputInjector } from "../../dist/agent/input/index.js";
import { type KeyInput, Modifier, usageFromCode } from "../../dist/protocol/index.js";
import { MONITOR } from "./monitor.ts";

const CODES = [
  "Backquote Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
  "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight",
  "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backslash",
  "KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash Space",
].flatMap((row) => row.split(" "));

/** What the keys print on a layout, in the order of {@link CODES}; "\0" stands for a dead key. */
type Layout = { readonly plain: string; readonly shift: string; readonly altGraph: Readonly<Record<string, string>> };

/** Layouts of viewers, as their browsers report them. */
export const LAYOUTS = {
  us: {
    plain: "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./ ",
    shift: '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|ZXCVBNM<>? ',
    altGraph: {},
  },
  de: {
    plain: "\x001234567890ß\0qwertzuiopü+asdfghjklöä#yxcvbnm,.- ",
    shift: "°!\"§$%&/()=?\0QWERTZUIOPÜ*ASDFGHJKLÖÄ'YXCVBNM;:_ ",
    altGraph: {
      Digit7: "{",
      Digit8: "[",
      Digit9: "]",
      Digit0: "}",
      Minus: "\\",
      KeyQ: "@",
      KeyE: "€",
      BracketRight: "~",
      KeyM: "µ",
    },
  },
  fr: {
    plain: "²&é\"'(-è_çà)=azertyuiop\0$qsdfghjklmù*wxcvbn,;:! ",
    shift: "\x001234567890°+AZERTYUIOP\0£QSDFGHJKLM%µWXCVBN?./§ ",
    altGraph: {
      Digit3: "#",
      Digit4: "{",
      Digit5: "[",
      Digit6: "|",
      Digit8: "\\",
      Digit0: "@",
      Minus: "]",
      Equal: "}",
      KeyE: "€",
    },
  },
  ru: {
    plain: "ё1234567890-=йцукенгшщзхъфывапролджэ\\ячсмитьбю. ",
    shift: 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/ЯЧСМИТЬБЮ, ',
    altGraph: {},
  },
} as const satisfies Record<string, Layout>;

export type LayoutName = keyof typeof LAYOUTS;

/** Every character that a layout types without a dead key. */
export function charactersOf(name: LayoutName): string {
  const layout: Layout = LAYOUTS[name];
  return [...layout.plain, ...layout.shift, ...Object.values(layout.altGraph)].filter((it) => it !== "\0").join("");
}

/** A person at a viewer's keyboard: presses and releases keys the way a browser reports them. */
export class ViewerKeyboard {
  readonly #injector: InputInjector;
  readonly #viewer: number;
  readonly #layout: Layout;
  #sequence = 0;
  #modifiers = 0;

  constructor(injector: InputInjector, layout: LayoutName, viewer = 1) {
    this.#injector = injector;
    this.#viewer = viewer;
    this.#layout = LAYOUTS[layout];
  }

  /** Types the text key by key, with Shift and AltGr where the layout needs them. */
  type(text: string): void {
    for (const character of text) this.#typeCharacter(character);
  }

  /** One key event. `character` is what the key means in the viewer's layout, "" for nothing. */
  key(code: string, down: boolean, character = "", options: { readonly repeat?: boolean } = {}): void {
    const input: KeyInput = {
      kind: "key",
      viewer: this.#viewer,
      sequence: ++this.#sequence,
      source: 1,
      down,
      repeat: options.repeat ?? false,
      usage: usageFromCode(code),
      codePoint: character.codePointAt(0) ?? 0,
      modifiers: this.#modifiers,
    };
    this.#injector.inject(input, MONITOR);
  }

  tap(code: string, character = ""): void {
    this.key(code, true, character);
    this.key(code, false, character);
  }

  /** Presses or releases a modifier key; `bit` is reported with all events in between. */
  modifier(code: string, bit: number, down: boolean): void {
    this.#modifiers = down ? this.#modifiers | bit : this.#modifiers & ~bit;
    this.key(code, down);
  }

  /** Sets modifiers that are on without a key, such as Caps Lock. */
  lock(bit: number, on: boolean): void {
    this.#modifiers = on ? this.#modifiers | bit : this.#modifiers & ~bit;
  }

  #typeCharacter(character: string): void {
    const plain = [...this.#layout.plain].indexOf(character);
    const shifted = [...this.#layout.shift].indexOf(character);
    const altGraph = Object.entries(this.#layout.altGraph).find(([, meaning]) => meaning === character)?.[0];
    if (plain >= 0) this.tap(CODES[plain] as string, character);
    else if (shifted >= 0) this.#with("ShiftLeft", Modifier.shift, CODES[shifted] as string, character);
    else if (altGraph !== undefined) this.#with("AltRight", Modifier.altGraph, altGraph, character);
    // Composed by the viewer's system: the key says little about the character.
    else this.tap("", character);
  }

  #with(modifierCode: string, bit: number, code: string, character: string): void {
    this.modifier(modifierCode, bit, true);
    this.tap(code, character);
    this.modifier(modifierCode, bit, false);
  }
}
