import { Emitter, EnvironmentError, type Event, Scope } from "../../base/index.ts";
import type { Input } from "../../protocol/index.ts";
import type { Monitor } from "../capture/capturer.ts";
import { request, X11Connection } from "../x11/index.ts";
import type { InputInjector } from "./injector.ts";
import { Keyboard } from "./keyboard.ts";
import { KeyboardDevice } from "./keyboard-device.ts";
import { Pointer } from "./pointer.ts";
import { MAX_STROKES, SpareKeyboard } from "./spare-keyboard.ts";
import { TestDevice } from "./test-device.ts";
import { type KeysymText, keysymsOfText } from "./text-keysyms.ts";

/** Core requests without arguments. */
const GET_INPUT_FOCUS = 43;
const QUERY_KEYMAP = 44;

const LAST_BUTTON = 9;

/** Drives an X display through XTEST and XKB, on a connection of its own. */
export class X11Injector implements InputInjector {
  readonly #scope = new Scope();
  readonly #notices: Emitter<string>;
  readonly #pointer: Pointer;
  readonly #keyboard: Keyboard;
  #typing: Promise<void> = Promise.resolve();

  /** Throws `EnvironmentError` where the display cannot be opened or lacks XTEST or XKB. */
  constructor(display: string) {
    const connection = X11Connection.open(display);
    this.#notices = this.#scope.add(new Emitter<string>());
    this.#scope.add(connection);
    // A server that sees the connection closed forgets the requests it has not read, such as the last key releases.
    this.#scope.defer(() => this.#guard(() => connection.ask(request(GET_INPUT_FOCUS).bytes())));
    try {
      const device = new TestDevice(connection);
      releaseLeftovers(connection, device);
      const keyboardDevice = this.#scope.add(new KeyboardDevice(connection, device));
      const spares = this.#scope.add(new SpareKeyboard(connection, keyboardDevice));
      this.#keyboard = this.#scope.add(new Keyboard(keyboardDevice, spares));
      this.#pointer = new Pointer(device);
      this.#scope.defer(() => this.#pointer.releaseAll());
      this.#tellLayoutChanges(keyboardDevice, spares);
    } catch (error) {
      this.#scope.close();
      throw error;
    }
    this.#keyboard.onNotice((text) => this.#notices.emit(text));
    connection.onBroken((error) => this.#notices.emit(`Input is no longer possible: ${error.message}`));
  }

  get onNotice(): Event<string> {
    return this.#notices.event;
  }

  inject(input: Input, monitor: Monitor): void {
    if (this.#scope.closed) return;
    this.#guard(() => {
      if (input.kind === "pointer") this.#pointer.pointer(input, monitor);
      else if (input.kind === "wheel") this.#pointer.wheel(input);
      else if (input.kind === "key") this.#keyboard.key(input);
      else this.#keyboard.retain(input);
    });
  }

  typeText(text: string): Promise<void> {
    const keysyms = keysymsOfText(text);
    const typing = this.#typing.then(() => this.#type(keysyms));
    this.#typing = typing.catch(() => undefined);
    return typing;
  }

  release(viewer: number): void {
    if (this.#scope.closed) return;
    this.#guard(() => {
      this.#pointer.release(viewer);
      this.#keyboard.release(viewer);
    });
  }

  close(): void {
    this.#scope.close();
  }

  async #type(text: KeysymText): Promise<void> {
    let untyped = text.skipped;
    let at = 0;
    while (at < text.keysyms.length && !this.#scope.closed) {
      const { typed, waitMs } = this.#keyboard.typeSome(text.keysyms.slice(at, at + MAX_STROKES));
      at += typed;
      if (typed > 0) {
        // Other input has its turn between two parts of a long text.
        await new Promise((resolve) => setImmediate(resolve));
      } else if (waitMs !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      } else {
        at += 1;
        untyped += 1;
      }
    }
    if (untyped > 0) this.#notices.emit(`${untyped} characters of a text cannot be typed on this machine's keyboard.`);
  }

  #tellLayoutChanges(device: KeyboardDevice, spares: SpareKeyboard): void {
    let before = device.keymap;
    device.onKeymap((keymap) => {
      if (!keymap.equals(before, (keycode) => spares.keycodes.has(keycode))) {
        this.#notices.emit("The keyboard layout of the machine changed; keys go by the new one from now on.");
      }
      before = keymap;
    });
  }

  /** The display may go away at any time; whoever owns this learns it by a notice, not from each input. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
    }
  }
}

/**
 * Releases the keys and buttons that a run which crashed left down. Those that somebody at the machine holds stay down:
 * they belong to another device than XTEST's, and the server ignores a release of what a device does not hold.
 */
function releaseLeftovers(connection: X11Connection, device: TestDevice): void {
  const down = connection.ask(request(QUERY_KEYMAP).bytes()).subarray(8, 40);
  for (let keycode = 8; keycode < 256; keycode += 1) {
    if (((down[keycode >> 3] as number) >> (keycode & 7)) & 1) device.key(keycode, false);
  }
  for (let button = 1; button <= LAST_BUTTON; button += 1) device.button(button, false);
  device.flush();
}
