import type { Closable, Event } from "../../base/index.ts";
import type { Input } from "../../protocol/index.ts";
import type { Monitor } from "../capture/capturer.ts";

/**
 * Turns input messages into events of the machine. Everything a viewer holds is tracked, so it can be released when the
 * viewer goes away. Calls are handled one at a time, in order.
 */
export type InputInjector = Closable & {
  /** Injects one input into the monitor it belongs to; coordinates outside are clamped to it. */
  inject(input: Input, monitor: Monitor): void;
  /** Types text as Unicode, whatever the keyboard layout; resolves when the last key is released. */
  typeText(text: string): Promise<void>;
  /** Releases every key and button that the viewer holds. */
  release(viewer: number): void;
  /** The machine's layout or monitors changed; nothing has to be done by the caller, it is for logs. */
  readonly onNotice: Event<string>;
};

/** The machine's clipboard, text only. */
export type Clipboard = Closable & {
  /** Someone on the machine copied text. Not fired for what `write` put there. */
  readonly onText: Event<string>;
  /** Offers text to the machine's programs. One longer than `MAX_TEXT_LENGTH` is refused with a notice. */
  write(text: string): void;
  /** Something was not exchanged, and why, for people to read. */
  readonly onNotice: Event<string>;
};
