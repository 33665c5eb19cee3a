import { codePointOfKeysym, isKeypadKeysym, upperCaseKeysym } from "./keysym.ts";

/** Real modifiers of the X protocol whose bit is the same on every server. */
export const ModifierMask = { shift: 1, lock: 2, control: 4 } as const;

/** A key type, by its number, and the modifiers that tell its levels apart: the first counts 1, the second 2. */
export type LevelType = { readonly type: number; readonly modifiers: readonly number[] };

/** The type that every XKB keymap has under this number; its keys mean the same under all modifiers. */
export const ONE_LEVEL = 0;

type KeyType = { readonly mask: number; readonly levelCount: number; readonly levels: ReadonlyMap<number, number> };
type Key = {
  readonly types: readonly number[];
  readonly groups: number;
  readonly groupInfo: number;
  readonly width: number;
  readonly keysyms: readonly number[];
};

/**
 * What every key of an X server means, under every modifier and in every group. Unchanging; parsed from the replies to
 * XkbGetMap (key types, key symbols, modifier map) and XkbGetNames (key names, aliases).
 */
export class Keymap {
  readonly minKeycode: number;
  readonly maxKeycode: number;
  readonly #types: readonly KeyType[];
  readonly #keys: ReadonlyMap<number, Key>;
  readonly #modifiers: ReadonlyMap<number, number>;
  readonly #names: ReadonlyMap<string, number>;
  readonly #strokes = new Map<string, ReadonlyMap<number, readonly number[]>>();

  constructor(mapReply: Buffer, namesReply: Buffer) {
    this.minKeycode = mapReply.readUInt8(10);
    this.maxKeycode = mapReply.readUInt8(11);
    const types = parseTypes(mapReply);
    const keys = parseKeys(mapReply, types.end);
    this.#types = types.value;
    this.#keys = keys.value;
    this.#modifiers = parseModifierMap(mapReply, keys.end);
    this.#names = parseNames(namesReply);
  }

  /** The keysym that a key gives in a group under modifiers (real ones, as a mask); 0 for none. */
  keysym(keycode: number, group: number, modifiers: number): number {
    const key = this.#keys.get(keycode);
    if (key === undefined || key.groups === 0) return 0;
    const effective = effectiveGroup(key, group);
    const type = this.#types[key.types[effective] ?? 0];
    const level = type?.levels.get(modifiers & type.mask) ?? 0;
    const keysym = level < key.width ? (key.keysyms[effective * key.width + level] ?? 0) : 0;
    const capitalize = (modifiers & ModifierMask.lock) !== 0 && ((type?.mask ?? 0) & ModifierMask.lock) === 0;
    return capitalize ? upperCaseKeysym(keysym) : keysym;
  }

  /** Every keysym of a key, all groups and levels. */
  keysymsOf(keycode: number): readonly number[] {
    return this.#keys.get(keycode)?.keysyms ?? [];
  }

  /** Whether the key has no meaning at all, so that nobody misses it. */
  isUnused(keycode: number): boolean {
    return !this.#modifiers.has(keycode) && this.keysymsOf(keycode).every((keysym) => keysym === 0);
  }

  /** The keycode of the first of the XKB key names that exists. */
  keycodeByName(names: readonly string[]): number | undefined {
    for (const name of names) {
      const keycode = this.#names.get(name);
      if (keycode !== undefined) return keycode;
    }
    return undefined;
  }

  /** Keycodes that give the keysym without modifiers, lowest first. */
  keycodesByKeysym(keysym: number): number[] {
    return [...this.#keys.keys()].filter((keycode) => this.keysym(keycode, 0, 0) === keysym);
  }

  /** The real modifiers that a key of the modifier map sets; 0 for others. */
  modifierMask(keycode: number): number {
    return this.#modifiers.get(keycode) ?? 0;
  }

  /** The number of the key type whose level is the sum of 1 for the first modifier and 2 for the second */
  levelType(modifiers: readonly number[]): number | undefined {
    const count = 1 << modifiers.length;
    const masks = Array.from({ length: count }, (_, level) => levelMask(modifiers, level));
    const index = this.#types.findIndex(
      ({ mask, levelCount, levels }) =>
        mask === masks[count - 1] &&
        levelCount === count &&
        masks.every((entry, level) => (levels.get(entry) ?? 0) === level),
    );
    return index < 0 ? undefined : index;
  }

  /** Keys that type the character in the group under exactly these modifiers; the number pad's are not among them. */
  keycodesTyping(codePoint: number, group: number, modifiers: number): readonly number[] {
    const index = `${group}:${modifiers}`;
    let byCodePoint = this.#strokes.get(index);
    if (byCodePoint === undefined) {
      byCodePoint = this.#indexStrokes(group, modifiers);
      this.#strokes.set(index, byCodePoint);
    }
    return byCodePoint.get(codePoint) ?? [];
  }

  /** Whether both keymaps mean the same, leaving out the keys that `ignores` names. */
  equals(other: Keymap, ignores: (keycode: number) => boolean): boolean {
    return this.#describe(ignores) === other.#describe(ignores);
  }

  #describe(ignores: (keycode: number) => boolean): string {
    const keys = [...this.#keys]
      .filter(([keycode]) => !ignores(keycode))
      .map(([keycode, key]) => {
        const types = key.types.slice(0, key.groups).map((index) => this.#types[index]);
        return [keycode, key, types.map((type) => type && [type.mask, [...type.levels]])];
      });
    return JSON.stringify([keys, [...this.#modifiers]]);
  }

  #indexStrokes(group: number, modifiers: number): Map<number, number[]> {
    const byCodePoint = new Map<number, number[]>();
    for (const keycode of this.#keys.keys()) {
      const keysym = this.keysym(keycode, group, modifiers);
      const codePoint = isKeypadKeysym(keysym) ? 0 : codePointOfKeysym(keysym);
      if (codePoint === 0) continue;
      const keycodes = byCodePoint.get(codePoint);
      if (keycodes === undefined) byCodePoint.set(codePoint, [keycode]);
      else keycodes.push(keycode);
    }
    return byCodePoint;
  }
}

/** The modifiers under which a key gives its level: bit 0 of `level` stands for the first of `modifiers`, and so on. */
export function levelMask(modifiers: readonly number[], level: number): number {
  return modifiers.reduce((mask, modifier, bit) => ((level >> bit) & 1 ? mask | modifier : mask), 0);
}

/** XKB protocol, section 7.2: what a key does with a group that it does not have. */
function effectiveGroup(key: Key, group: number): number {
  if (group < key.groups) return group;
  const policy = key.groupInfo & 0xc0;
  if (policy === 0x40) return key.groups - 1;
  if (policy === 0x80) {
    const redirected = (key.groupInfo >> 4) & 3;
    return redirected < key.groups ? redirected : 0;
  }
  return group % key.groups;
}

function parseTypes(reply: Buffer): { value: KeyType[]; end: number } {
  const value: KeyType[] = [];
  let at = 40;
  for (let index = reply.readUInt8(15); index > 0; index -= 1) {
    const mask = reply.readUInt8(at);
    const levelCount = reply.readUInt8(at + 4);
    const entries = reply.readUInt8(at + 5);
    const hasPreserve = reply.readUInt8(at + 6) !== 0;
    at += 8;
    const levels = new Map<number, number>();
    for (let entry = 0; entry < entries; entry += 1, at += 8) {
      if (reply.readUInt8(at) !== 0) levels.set(reply.readUInt8(at + 1), reply.readUInt8(at + 2));
    }
    if (hasPreserve) at += entries * 4;
    value.push({ mask, levelCount, levels });
  }
  return { value, end: at };
}

function parseKeys(reply: Buffer, start: number): { value: Map<number, Key>; end: number } {
  const value = new Map<number, Key>();
  const first = reply.readUInt8(17);
  let at = start;
  for (let index = 0; index < reply.readUInt8(20); index += 1) {
    const groupInfo = reply.readUInt8(at + 4);
    const count = reply.readUInt16LE(at + 6);
    const keysyms = Array.from({ length: count }, (_, keysym) => reply.readUInt32LE(at + 8 + keysym * 4));
    const types = [...reply.subarray(at, at + 4)];
    value.set(first + index, { types, groups: groupInfo & 0xf, groupInfo, width: reply.readUInt8(at + 5), keysyms });
    at += 8 + count * 4;
  }
  return { value, end: at };
}

function parseModifierMap(reply: Buffer, start: number): Map<number, number> {
  const value = new Map<number, number>();
  for (let index = 0; index < reply.readUInt8(33); index += 1) {
    value.set(reply.readUInt8(start + index * 2), reply.readUInt8(start + index * 2 + 1));
  }
  return value;
}

function parseNames(reply: Buffer): Map<string, number> {
  const names = new Map<string, number>();
  const first = reply.readUInt8(18);
  const count = reply.readUInt8(19);
  const text = (at: number): string => reply.toString("latin1", at, at + 4).replaceAll("\0", "");
  for (let index = 0; index < count; index += 1) names.set(text(32 + index * 4), first + index);
  const aliases = 32 + count * 4;
  for (let index = 0; index < reply.readUInt8(25); index += 1) {
    const real = names.get(text(aliases + index * 8));
    const alias = text(aliases + index * 8 + 4);
    if (real !== undefined && !names.has(alias)) names.set(alias, real);
  }
  names.delete("");
  return names;
}
