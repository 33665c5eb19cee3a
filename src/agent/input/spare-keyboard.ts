import { type Closable, EnvironmentError } from "../../base/index.ts";
import type { X11Connection } from "../x11/index.ts";
import type { KeyboardDevice } from "./keyboard-device.ts";
import type { Keymap, LevelType } from "./keymap.ts";
import { codePointOfKeysym } from "./keysym.ts";
import { SpareKeycodes, type SpareOptions, type SparePlace } from "./spare-keycodes.ts";
import type { Stroke } from "./stroke.ts";
import { deleteProperty, PredefinedAtom, readProperty, words, writeProperty } from "./x-properties.ts";

/** Most keysyms for one go of `place`: other input has its turn after so many. */
export const MAX_STROKES = 64;

/** Longest pause before a key whose character needs a keycode when all are in use. */
const MAX_BLOCK_MS = 100;

/** Which keycodes are held, and the key type that spare keys get. */
type Circumstances = {
  readonly isDown: (keycode: number) => boolean;
  readonly levelType: LevelType;
};

/** Root window property with the keycodes that have to be cleared if a run ended without doing it. */
const RECORD = "_SIGHTLINE_SPARE_KEYCODES";
const MAX_KEYCODES = 256;

/** The spare keycodes of a server, and what they mean there. Nothing is left behind: neither by `close` nor by a crash. */
export class SpareKeyboard implements Closable {
  readonly keycodes: SpareKeycodes;
  readonly #connection: X11Connection;
  readonly #device: KeyboardDevice;
  #recorded = false;

  constructor(connection: X11Connection, device: KeyboardDevice) {
    this.#connection = connection;
    this.#device = device;
    this.#clearLeftovers();
    this.keycodes = new SpareKeycodes(unusedKeycodes(device.keymap));
    device.onKeymap((keymap) =>
      this.keycodes.refresh(
        unusedKeycodes(keymap),
        (keycode, keysyms) => keymap.keysymsOf(keycode)[0] === (keysyms[0] as number),
      ),
    );
  }

  /** Notes that a key was pressed or released. */
  use(keycode: number): void {
    this.keycodes.use(keycode, performance.now());
  }

  /**
   * Gives a keysym to a spare keycode. If all of them were used a moment ago, this blocks the thread for up to
   * `MAX_BLOCK_MS`, since a key cannot overtake another one; a person's typing never gets there. Undefined if there is
   * no spare keycode.
   */
  giveNow(keysym: number, circumstances: Circumstances): SparePlace | undefined {
    const options = { ...spareOptions(circumstances), restMs: MAX_BLOCK_MS };
    const waitMs = this.keycodes.waitMs(options);
    if (waitMs === undefined) return undefined;
    if (waitMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.ceil(waitMs) + 1);
    const place = this.keycodes.assign(keysym, { ...options, nowMs: performance.now() });
    if (place !== undefined) this.#apply([place.keycode], circumstances.levelType);
    return place;
  }

  /**
   * Finds strokes for the keysyms, or for the first of them, giving as many of them to spare keycodes as can be had now.
   * `strokeOf` finds the stroke for a keysym that needs none or has been given one.
   */
  place(
    keysyms: readonly number[],
    circumstances: Circumstances,
    strokeOf: (keysym: number) => Stroke | undefined,
  ): Stroke[] {
    const missing = new Set<number>();
    for (const keysym of keysyms) {
      const stroke = strokeOf(keysym);
      if (stroke === undefined) missing.add(keysym);
      else this.use(stroke.keycode);
    }
    if (missing.size > 0) this.#give(missing, circumstances);
    const strokes: Stroke[] = [];
    for (const keysym of keysyms) {
      const stroke = strokeOf(keysym);
      if (stroke === undefined) break;
      strokes.push(stroke);
    }
    return strokes;
  }

  /** How long until another keycode can be given; undefined if never. */
  waitMs(circumstances: Circumstances): number | undefined {
    return this.keycodes.waitMs(spareOptions(circumstances));
  }

  /** Takes the meaning away from every keycode that was given one. */
  close(): void {
    if (!this.#recorded || this.#connection.closed) return;
    try {
      this.#device.setKeysyms(new Map(this.keycodes.assigned.map((keycode) => [keycode, []])));
      this.#connection.check(deleteProperty(this.#connection.screen.root, this.#connection.atom(RECORD)));
    } catch (error) {
      // The server is gone, and its keymap with it.
      if (!(error instanceof EnvironmentError)) throw error;
    }
  }

  #give(keysyms: Iterable<number>, circumstances: Circumstances): void {
    const changed = new Set<number>();
    for (const keysym of keysyms) {
      const place = this.keycodes.assign(keysym, spareOptions(circumstances));
      if (place === undefined) break;
      changed.add(place.keycode);
    }
    if (changed.size > 0) this.#apply([...changed], circumstances.levelType);
  }

  #apply(keycodes: readonly number[], levelType: LevelType): void {
    if (!this.#recorded) {
      this.#recorded = true;
      const recorded = unusedKeycodes(this.#device.keymap);
      const record = this.#connection.atom(RECORD);
      this.#connection.send(
        writeProperty(this.#connection.screen.root, record, PredefinedAtom.cardinal, 32, words(...recorded)),
      );
    }
    const changes = keycodes.map((keycode) => [keycode, this.keycodes.keysymsOf(keycode)] as const);
    this.#device.setKeysyms(new Map(changes), levelType);
  }

  #clearLeftovers(): void {
    const { root } = this.#connection.screen;
    const record = this.#connection.atom(RECORD);
    const { format, data } = readProperty(this.#connection, root, record, { maxBytes: MAX_KEYCODES * 4 });
    const count = format === 32 ? data.length / 4 : 0;
    const leftovers = new Map<number, readonly number[]>();
    for (let index = 0; index < count; index += 1) {
      const keycode = data.readUInt32LE(index * 4);
      const keysyms = this.#device.keymap.keysymsOf(keycode);
      // A layout chosen since then may use the keycode; what it puts there has no character.
      if (codePointOfKeysym(keysyms[0] ?? 0) !== 0) leftovers.set(keycode, []);
    }
    if (leftovers.size > 0) {
      this.#device.setKeysyms(leftovers);
      this.#device.reload();
    }
  }
}

function spareOptions({ isDown, levelType }: Circumstances): SpareOptions {
  return { nowMs: performance.now(), levels: 1 << levelType.modifiers.length, isDown };
}

function unusedKeycodes(keymap: Keymap): number[] {
  const keycodes: number[] = [];
  for (let keycode = keymap.minKeycode; keycode <= keymap.maxKeycode; keycode += 1) {
    if (keymap.isUnused(keycode)) keycodes.push(keycode);
  }
  return keycodes;
}
