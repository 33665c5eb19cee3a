/** A keycode that means nothing on the layout and is given characters when they are needed. */
type Spare = { readonly keycode: number; keysyms: readonly number[]; lastUsedMs: number };

/** A key and its level (0 plain, 1 Shift, 2 AltGr, 3 both) that give a keysym. */
export type SparePlace = { readonly keycode: number; readonly level: number };

/**
 * A program that is told of a changed key asks for its new meaning, and then reads with it the key presses that still
 * wait in its queue. So a key that was used is not changed for as long as a busy program may take to get there.
 */
export const SPARE_REST_MS = 100;

/** The spare keycodes of a keymap: which means what now, and which may be changed next, the longest unused first. */
export class SpareKeycodes {
  #spares: Spare[];

  constructor(keycodes: readonly number[]) {
    this.#spares = keycodes.map((keycode) => ({ keycode, keysyms: [], lastUsedMs: Number.NEGATIVE_INFINITY }));
  }

  /**
   * The keymap was replaced: keeps the keycodes that still mean what they were given, and takes all that mean nothing
   * now. `unused` are those; `isKept` tells for the others.
   */
  refresh(unused: readonly number[], isKept: (keycode: number, keysyms: readonly number[]) => boolean): void {
    const before = this.#spares;
    const kept = before.filter(({ keycode, keysyms }) => keysyms.length > 0 && isKept(keycode, keysyms));
    const others = unused.filter((keycode) => !kept.some((spare) => spare.keycode === keycode));
    const lastUsedMs = (keycode: number): number =>
      before.find((spare) => spare.keycode === keycode)?.lastUsedMs ?? Number.NEGATIVE_INFINITY;
    const emptied = others.map((keycode) => ({ keycode, keysyms: [], lastUsedMs: lastUsedMs(keycode) }));
    this.#spares = [...kept, ...emptied];
  }

  get count(): number {
    return this.#spares.length;
  }

  /** Keycodes that have been given a meaning. */
  get assigned(): number[] {
    return this.#spares.filter((spare) => spare.keysyms.length > 0).map((spare) => spare.keycode);
  }

  /** Whether the keycode is one of the spare ones. */
  has(keycode: number): boolean {
    return this.#spares.some((spare) => spare.keycode === keycode);
  }

  /** What a spare keycode means, by level; empty for nothing. */
  keysymsOf(keycode: number): readonly number[] {
    return this.#spares.find((spare) => spare.keycode === keycode)?.keysyms ?? [];
  }

  /** Where the keysym is now; on a key that gives it at every level if `everyLevel`. */
  find(keysym: number, everyLevel = false): SparePlace | undefined {
    for (const { keycode, keysyms } of this.#spares) {
      const level = keysyms.indexOf(keysym);
      if (level >= 0 && (!everyLevel || keysyms.length === 1)) return { keycode, level };
    }
    return undefined;
  }

  /** Gives the keysyms to a keycode that is neither held nor was used lately, or returns undefined if there is none. */
  assign(keysyms: readonly number[], nowMs: number, isHeld: (keycode: number) => boolean): number | undefined {
    const spare = this.#longestUnused(isHeld);
    if (spare === undefined || nowMs - spare.lastUsedMs < SPARE_REST_MS) return undefined;
    spare.keysyms = keysyms;
    // Not to be taken again before it was even used.
    spare.lastUsedMs = nowMs;
    return spare.keycode;
  }

  /** Notes that the key was pressed or released. */
  use(keycode: number, nowMs: number): void {
    const spare = this.#spares.find((other) => other.keycode === keycode);
    if (spare !== undefined) spare.lastUsedMs = nowMs;
  }

  /** How long until `assign` can succeed; undefined if every keycode is held, or there are none. */
  waitMs(nowMs: number, isHeld: (keycode: number) => boolean): number | undefined {
    const spare = this.#longestUnused(isHeld);
    return spare === undefined ? undefined : Math.max(0, spare.lastUsedMs + SPARE_REST_MS - nowMs);
  }

  #longestUnused(isHeld: (keycode: number) => boolean): Spare | undefined {
    let best: Spare | undefined;
    for (const spare of this.#spares) {
      if (isHeld(spare.keycode)) continue;
      if (best === undefined || spare.lastUsedMs < best.lastUsedMs) best = spare;
    }
    return best;
  }
}
