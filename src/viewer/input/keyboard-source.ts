import type { Closable } from "../../base/index.ts";
import { usageFromCode } from "../../protocol/index.ts";
import type { InputDraft, KeyDraft } from "../messages.ts";
import { type Hotkey, hotkeyOf } from "./hotkeys.ts";
import { KeyTranslator, type Platform } from "./key-translator.ts";

export type KeyboardSourceOptions = {
  readonly platform: Platform;
  readonly send: (draft: InputDraft, epochMs: number) => void;
  /** Text of a paste; goes to the remote's clipboard before the key that pastes it. */
  readonly onPaste: (text: string) => void;
  readonly onHotkey: (hotkey: Hotkey) => void;
};

/** A Control press on Windows waits this long for the second half of AltGr. */
const ALT_GR_WAIT_MS = 20;
/** Browsers that give no paste event (no permission, nothing copied) get the key after this. */
const PASTE_WAIT_MS = 80;
/** While keys are held, what is held is told again, so that a lost release cannot stick. */
const SNAPSHOT_MS = 500;
/** Characters that stand in the text field so that soft keyboards have something to delete. */
const FILLER = "··";

const EDIT_KEYS: Readonly<Record<string, string>> = {
  insertLineBreak: "Enter",
  insertParagraph: "Enter",
  deleteContentBackward: "Backspace",
  deleteWordBackward: "Backspace",
  deleteContentForward: "Delete",
};

/**
 * Reads the keyboard through a hidden text field. Keys are sent by their physical place and meaning; what an input
 * method, a dead key or a soft keyboard composes arrives as text in the field and is sent as text.
 */
export class KeyboardSource implements Closable {
  readonly #field: HTMLTextAreaElement;
  readonly #options: KeyboardSourceOptions;
  readonly #keys: KeyTranslator;
  readonly #abort = new AbortController();
  #altGrTimer: ReturnType<typeof setTimeout> | undefined;
  #snapshotTimer: ReturnType<typeof setInterval> | undefined;
  #paste: { readonly drafts: readonly KeyDraft[]; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(field: HTMLTextAreaElement, options: KeyboardSourceOptions) {
    this.#field = field;
    this.#options = options;
    this.#keys = new KeyTranslator(options.platform);
    this.#resetField();
    const { signal } = this.#abort;
    field.addEventListener("keydown", (event) => this.#down(event), { signal });
    field.addEventListener("keyup", (event) => this.#up(event), { signal });
    field.addEventListener("compositionend", (event) => this.#composed(event), { signal });
    field.addEventListener("input", (event) => this.#edited(event as InputEvent), { signal });
    field.addEventListener("paste", (event) => this.#pasted(event), { signal });
    field.addEventListener("blur", () => this.releaseAll(), { signal });
  }

  /** Forgets and releases every key. Sends nothing when none is held, unless `always`. */
  releaseAll(always = false): void {
    const held = this.#keys.heldKeys > 0;
    this.#keys.clear();
    clearTimeout(this.#paste?.timer);
    this.#paste = undefined;
    this.#watchHeld();
    if (held || always) this.#options.send({ kind: "held-keys", usages: [] }, now());
  }

  close(): void {
    this.#abort.abort();
    this.#keys.clear();
    this.#watchHeld();
    clearTimeout(this.#altGrTimer);
    clearTimeout(this.#paste?.timer);
  }

  #down(event: KeyboardEvent): void {
    event.stopPropagation();
    const hotkey = hotkeyOf(event);
    if (hotkey !== undefined) {
      event.preventDefault();
      if (event.repeat) return;
      this.releaseAll(true);
      this.#options.onHotkey(hotkey);
      return;
    }
    const { drafts, textFollows } = this.#keys.down(event);
    if (textFollows) return;
    this.#flushPaste();
    if (isPaste(event)) {
      // The default action brings the paste event; the key follows its text.
      this.#paste = { drafts, timer: setTimeout(() => this.#flushPaste(), PASTE_WAIT_MS) };
      return;
    }
    event.preventDefault();
    this.#send(drafts, epochMs(event));
    if (this.#keys.waiting) {
      clearTimeout(this.#altGrTimer);
      this.#altGrTimer = setTimeout(() => this.#send(this.#keys.flush(), now()), ALT_GR_WAIT_MS);
    }
  }

  #up(event: KeyboardEvent): void {
    event.stopPropagation();
    event.preventDefault();
    this.#flushPaste();
    this.#send(this.#keys.up(event).drafts, epochMs(event));
  }

  #composed(event: CompositionEvent): void {
    this.#sendText(event.data);
    this.#resetField();
  }

  #edited(event: InputEvent): void {
    if (event.isComposing || event.inputType.includes("Composition")) return;
    const key = EDIT_KEYS[event.inputType];
    if (key !== undefined) this.#tap(usageFromCode(key));
    else if (event.data) this.#sendText(event.data);
    this.#resetField();
  }

  #pasted(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text !== "") this.#options.onPaste(text);
    this.#flushPaste();
  }

  #flushPaste(): void {
    const paste = this.#paste;
    if (paste === undefined) return;
    this.#paste = undefined;
    clearTimeout(paste.timer);
    this.#send(paste.drafts, now());
  }

  #sendText(text: string): void {
    if (text !== "") this.#options.send({ kind: "text", text }, now());
  }

  #tap(usage: number): void {
    const draft = { kind: "key", repeat: false, usage, codePoint: 0, modifiers: 0 } as const;
    this.#options.send({ ...draft, down: true }, now());
    this.#options.send({ ...draft, down: false }, now());
  }

  #send(drafts: readonly KeyDraft[], atEpochMs: number): void {
    for (const draft of drafts) this.#options.send(draft, atEpochMs);
    this.#watchHeld();
  }

  #watchHeld(): void {
    if (this.#keys.heldKeys === 0) {
      clearInterval(this.#snapshotTimer);
      this.#snapshotTimer = undefined;
      return;
    }
    this.#snapshotTimer ??= setInterval(() => {
      this.#options.send({ kind: "held-keys", usages: this.#keys.heldUsages() }, now());
    }, SNAPSHOT_MS);
  }

  #resetField(): void {
    this.#field.value = FILLER;
    this.#field.setSelectionRange(1, 1);
  }
}

function isPaste(event: KeyboardEvent): boolean {
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  return (command && event.code === "KeyV") || (event.shiftKey && !event.ctrlKey && event.code === "Insert");
}

/** When an event happened, in milliseconds since 1970: a time that page and worker share. */
export function epochMs(event: Event): number {
  return performance.timeOrigin + event.timeStamp;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
