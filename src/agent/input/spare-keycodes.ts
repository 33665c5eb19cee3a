/** A keycode that means nothing on the layout and is given characters when they are needed, one for each level. */
type Spare = { readonly keycode: number; keysyms: readonly number[]; lastUsedMs: number };

/** A key and its level that give a keysym. */
export type SparePlace = { readonly keycode: number; readonly level: number };

/**
 * A program that is told of a changed key asks for its new meaning, and then reads with it the key presses that still
 * wait in its queue. So what a key means at a level is not changed for as long as a busy program may take to get there
 * (a terminal on a loaded machine was seen 800 ms behind). Adding a level to a key changes none of the others.
 */
export const SPARE_REST_MS = 1000;

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

  /** Where the keysym is now. */
  find(keysym: number): SparePlace | undefined {
    for (const { keycode, keysyms } of this.#spares) {
      const level = keysyms.indexOf(keysym);
      if (level >= 0) return { keycode, level };
    }
    return undefined;
  }

  /**
   * Gives the keysym a place: on a key that means nothing, else on another level of one (they have `levels`), else on
   * the one that was unused for longest and at least `restMs`. Undefined if there is none, because of the rest or
   * because all are held.
   */
  assign(keysym: number, options: SpareOptions): SparePlace | undefined {
    const { nowMs, levels, isDown, restMs = SPARE_REST_MS } = options;
    const free = this.#spares.filter(({ keycode }) => !isDown(keycode));
    const spare =
      free.find(({ keysyms }) => keysyms.length === 0) ??
      free.find(({ keysyms }) => keysyms.length < levels) ??
      this.#emptied(longestUnused(free), nowMs - restMs);
    if (spare === undefined) return undefined;
    spare.keysyms = [...spare.keysyms, keysym];
    // Not to be emptied again before it was even used.
    spare.lastUsedMs = nowMs;
    return { keycode: spare.keycode, level: spare.keysyms.length - 1 };
  }

  /** Notes that the key was pressed or released. */
  use(keycode: number, nowMs: number): void {
    const spare = this.#spares.find((other) => other.keycode === keycode);
    if (spare !== undefined) spare.lastUsedMs = nowMs;
  }

  /** How long until `assign` can succeed; undefined if every keycode is held, or there are none. */
  waitMs(options: SpareOptions): number | undefined {
    const { nowMs, levels, isDown, restMs = SPARE_REST_MS } = options;
    const free = this.#spares.filter(({ keycode }) => !isDown(keycode));
    if (free.some(({ keysyms }) => keysyms.length < levels)) return 0;
    const spare = longestUnused(free);
    return spare && Math.max(0, spare.lastUsedMs + restMs - nowMs);
  }

  #emptied(spare: Spare | undefined, unusedSinceMs: number): Spare | undefined {
    if (spare === undefined || spare.lastUsedMs > unusedSinceMs) return undefined;
    spare.keysyms = [];
    return spare;
  }
}

/** Under which circumstances a spare keycode is wanted. */
export type SpareOptions = {
  readonly nowMs: number;
  /** Keysyms that fit a key. */
  readonly levels: number;
  readonly isDown: (keycode: number) => boolean;
  readonly restMs?: number;
};

function longestUnused(spares: readonly Spare[]): Spare | undefined {
  return spares.reduce<Spare | undefined>(
    (best, spare) => (best === undefined || spare.lastUsedMs < best.lastUsedMs ? spare : best),
    undefined,
  );
}
