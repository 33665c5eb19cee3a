import { type Closable, Emitter, EnvironmentError, type Event } from "../../base/index.ts";
import { type Extension, request, type X11Connection, type X11Event } from "../x11/index.ts";
import { Keymap, type LevelType, ONE_LEVEL } from "./keymap.ts";
import type { TestDevice } from "./test-device.ts";

/** Modifiers (real ones, as masks) and the layout group that are in effect. */
export type KeyboardState = {
  /** Held, latched and locked ones together: what the next key press is seen with. */
  readonly modifiers: number;
  readonly locked: number;
  readonly group: number;
};

/** XKB's name for the keyboard that programs see. */
const CORE_KEYBOARD = 0x100;
const KEY_TYPES_SYMS_AND_MODIFIERS = 0b111;
const KEY_NAMES_AND_ALIASES = 0x600;
const NEW_KEYBOARD_AND_MAP_NOTIFY = 0b11;
const MAP_NOTIFY = 1;
const KEY_SYMS = 0b10;
const ALL_MAP_PARTS = 0xff;

/**
 * The keyboard of an X server: its keymap and state through XKB, its keys through XTEST. The keymap is read again when
 * another program changed it.
 */
export class KeyboardDevice implements Closable {
  readonly #connection: X11Connection;
  readonly #device: TestDevice;
  readonly #xkb: Extension;
  readonly #changes = new Emitter<Keymap>();
  readonly #unsubscribe: () => void;
  #keymap: Keymap;
  #outdated = false;
  /** Keycodes whose change is our own doing and on its way back to us as an event. */
  #changing: ReadonlySet<number> = new Set();

  /** Throws `EnvironmentError` where the server lacks XKB. */
  constructor(connection: X11Connection, device: TestDevice) {
    this.#connection = connection;
    this.#device = device;
    this.#xkb = useExtension(connection);
    connection.check(
      this.#request(1)
        .u16(NEW_KEYBOARD_AND_MAP_NOTIFY, 0, NEW_KEYBOARD_AND_MAP_NOTIFY, ALL_MAP_PARTS, ALL_MAP_PARTS)
        .bytes(),
    );
    this.#keymap = new Keymap(...this.#read());
    this.#unsubscribe = connection.onEvent((event) => this.#onEvent(event));
  }

  /** The keymap as of the last `state` or `setKeysyms`. */
  get keymap(): Keymap {
    return this.#keymap;
  }

  /** The keymap was set anew, perhaps to what it was before (so that our own changes are gone). */
  get onKeymap(): Event<Keymap> {
    return this.#changes.event;
  }

  /** Asks for the state, and takes notice of every change of the keymap that came before it. */
  state(): KeyboardState {
    const reply = this.#connection.ask(this.#request(4).skip(2).bytes());
    this.#connection.deliver();
    if (this.#outdated) this.reload();
    return { modifiers: reply.readUInt8(8), locked: reply.readUInt8(11), group: reply.readUInt8(12) };
  }

  key(keycode: number, down: boolean): void {
    this.#device.key(keycode, down);
  }

  /** Locks and unlocks modifiers without a key: `locked` says which of `mask`. */
  setLocks(mask: number, locked: number): void {
    this.#connection.send(
      this.#request(5)
        .u8(mask, locked & mask, 0, 0, 0, 0, 0, 0)
        .i16(0)
        .bytes(),
    );
  }

  /**
   * Gives keys the keysyms of their levels by a key type of the keymap, or none. The keymap itself is not read again: it
   * does not show these keys.
   */
  setKeysyms(
    changes: ReadonlyMap<number, readonly number[]>,
    { type, modifiers }: LevelType = { type: ONE_LEVEL, modifiers: [] },
  ): void {
    const levels = 1 << modifiers.length;
    this.#changing = new Set(changes.keys());
    for (const [keycode, [plain = 0, ...others]] of changes) {
      // A level that was not given means the same as the plain one, so a Shift that cannot be let go does no harm.
      const more = Array.from({ length: levels - 1 }, (_, index) => others[index] ?? plain);
      this.#setKey(keycode, type, plain === 0 ? [] : [plain, ...more]);
    }
    this.state();
    this.#changing = new Set();
  }

  flush(): void {
    this.#connection.flush();
  }

  close(): void {
    this.#unsubscribe();
    this.#changes.close();
  }

  /** XkbSetMap of the symbols of one key. Not the core request: that one guesses types and adds upper-case forms. */
  #setKey(keycode: number, type: number, keysyms: readonly number[]): void {
    const { minKeycode, maxKeycode } = this.#keymap;
    const width = keysyms.length;
    this.#connection.send(
      this.#request(9)
        .u16(KEY_SYMS, 0)
        .u8(minKeycode, maxKeycode, 0, 0, keycode, 1)
        .u16(width)
        .skip(18)
        .u8(type, type, type, type, width === 0 ? 0 : 1, width)
        .u16(width)
        .u32(...keysyms)
        .bytes(),
    );
  }

  #request(minorOpcode: number): ReturnType<typeof request> {
    return request(this.#xkb.majorOpcode, minorOpcode).u16(CORE_KEYBOARD);
  }

  #read(): [Buffer, Buffer] {
    const map = this.#connection.ask(this.#request(8).u16(KEY_TYPES_SYMS_AND_MODIFIERS, 0).skip(18).bytes());
    const names = this.#connection.ask(this.#request(17).skip(2).u32(KEY_NAMES_AND_ALIASES).bytes());
    return [map, names];
  }

  /** Reads the keymap again. */
  reload(): void {
    this.#outdated = false;
    this.#keymap = new Keymap(...this.#read());
    this.#changes.emit(this.#keymap);
  }

  #onEvent({ code, bytes }: X11Event): void {
    if (code !== this.#xkb.firstEvent) return;
    const kind = bytes.readUInt8(1);
    if (kind === MAP_NOTIFY && this.#isOwnChange(bytes.readUInt8(16), bytes.readUInt8(17))) return;
    if (kind <= MAP_NOTIFY) this.#outdated = true;
  }

  #isOwnChange(firstKeycode: number, count: number): boolean {
    for (let index = 0; index < count; index += 1) {
      if (!this.#changing.has(firstKeycode + index)) return false;
    }
    return count > 0;
  }
}

/** Opens XKB on the connection. Throws `EnvironmentError` where the server lacks it. */
function useExtension(connection: X11Connection): Extension {
  const extension = connection.extension("XKEYBOARD");
  const supported =
    extension !== undefined && connection.ask(request(extension.majorOpcode, 0).u16(1, 0).bytes()).readUInt8(1) !== 0;
  if (supported) return extension;
  throw new EnvironmentError(
    `The X display "${connection.display}" has no XKB extension, so its keyboard cannot be driven.`,
    "Start its X server without -kb or '-extension XKEYBOARD'.",
  );
}
