import type { Closable } from "../../base/index.ts";
import type { InputDraft } from "../messages.ts";
import type { Hotkey } from "./hotkeys.ts";
import type { Platform } from "./key-translator.ts";
import { KeyboardSource } from "./keyboard-source.ts";
import { PointerSource, type PointerSourceOptions } from "./pointer-source.ts";

export type InputControllerOptions = Pick<PointerSourceOptions, "send" | "toSource" | "onZoom" | "onHover"> & {
  readonly onPaste: (text: string) => void;
  readonly onHotkey: (hotkey: Hotkey) => void;
};

/** Pointer and keyboard of one view. Everything held is released when the page loses focus or is hidden. */
export class InputController implements Closable {
  readonly #surface: HTMLElement;
  readonly #field: HTMLTextAreaElement;
  readonly #pointer: PointerSource;
  readonly #keyboard: KeyboardSource;
  readonly #abort = new AbortController();

  constructor(surface: HTMLElement, field: HTMLTextAreaElement, options: InputControllerOptions) {
    this.#surface = surface;
    this.#field = field;
    let controlHeld = false;
    const send = (draft: InputDraft, epochMs: number): void => options.send(draft, epochMs);
    this.#keyboard = new KeyboardSource(field, {
      platform: currentPlatform(),
      send,
      onPaste: options.onPaste,
      onHotkey: options.onHotkey,
    });
    this.#pointer = new PointerSource(surface, {
      ...options,
      controlHeld: () => controlHeld,
      onPress: (touch) => this.focus(!touch),
    });
    const { signal } = this.#abort;
    for (const type of ["keydown", "keyup"] as const) {
      window.addEventListener(
        type,
        (event) => {
          if (event.key === "Control") controlHeld = type === "keydown";
        },
        { signal, capture: true },
      );
    }
    window.addEventListener("blur", () => this.releaseAll(), { signal });
    document.addEventListener("visibilitychange", () => this.releaseAll(), { signal });
    document.addEventListener("pointerlockchange", () => this.releaseAll(), { signal });
  }

  /** Whether keys go to the remote machine. */
  get focused(): boolean {
    return (this.#field.getRootNode() as Document | ShadowRoot).activeElement === this.#field;
  }

  /** Sends keys to the remote machine; `softKeyboard` lets phones show theirs. */
  focus(softKeyboard: boolean): void {
    this.#field.inputMode = softKeyboard ? "text" : "none";
    this.#field.focus({ preventScroll: true });
  }

  /** Gives keyboard and pointer back to this computer. */
  release(): void {
    this.releaseAll();
    if (document.pointerLockElement !== null) document.exitPointerLock();
    this.#field.blur();
  }

  /** Releases every key and button that is held. */
  releaseAll(): void {
    this.#keyboard.releaseAll();
    this.#pointer.releaseAll();
  }

  /** Motion of a locked pointer counts from zero again. */
  resetRelative(): void {
    this.#pointer.resetRelative();
  }

  /** Locks the pointer to the picture: endless relative motion, without acceleration where the browser can. */
  async lockPointer(): Promise<void> {
    this.focus(true);
    try {
      await this.#surface.requestPointerLock({ unadjustedMovement: true });
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotSupportedError") throw error;
      await this.#surface.requestPointerLock();
    }
  }

  close(): void {
    this.#abort.abort();
    this.#keyboard.close();
    this.#pointer.close();
  }
}

function currentPlatform(): Platform {
  const agent = navigator.userAgent;
  if (agent.includes("Windows")) return "windows";
  return /Mac|iPhone|iPad/.test(agent) ? "mac" : "other";
}
