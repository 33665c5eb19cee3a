import { MAX_SHORT_BYTES, shortText } from "./short-text.ts";

/** Code points up to which an element is decoded here; the platform's decoder costs too much a call for so few. */
const MAX_DECODED_LENGTH = 32;

/** Decodes elements whose length is known in code points from strict UTF-8. */
export class Utf8ElementDecoder {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #units = new Uint16Array(2 * MAX_DECODED_LENGTH);

  /** Where the element last decoded ended; when there was none, negative if the bytes are not UTF-8. */
  end = 0;

  /**
   * The element of `length` code points at `start`. Undefined when it is not UTF-8, or when it and the byte behind it
   * are not whole in `bytes`.
   */
  decode(bytes: Uint8Array, start: number, length: number): string | undefined {
    if (length > MAX_DECODED_LENGTH) return this.#decodeLong(bytes, start, length);
    const size = bytes.length;
    if (length <= MAX_SHORT_BYTES && start + length < size && isAscii(bytes, start, length)) {
      this.end = start + length;
      return shortText(bytes, start, length);
    }
    const units = this.#units;
    let at = start;
    let count = 0;
    let wrong = 0;
    for (let left = length; left > 0; left -= 1) {
      if (at >= size) break;
      const lead = bytes[at] as number;
      if (lead < 0x80) {
        units[count] = lead;
        at += 1;
      } else if (lead < 0xe0) {
        const second = bytes[at + 1] as number;
        units[count] = ((lead & 0x1f) << 6) | (second & 0x3f);
        if (lead < 0xc2 || (second & 0xc0) !== 0x80) wrong = 1;
        at += 2;
      } else if (lead < 0xf0) {
        const code = threeBytes(lead, bytes[at + 1] as number, bytes[at + 2] as number);
        units[count] = code;
        wrong |= code >>> 31;
        at += 3;
      } else {
        const low = threeBytes(0xe1, bytes[at + 2] as number, bytes[at + 3] as number);
        const code = fourBytes(lead, bytes[at + 1] as number, low);
        units[count] = 0xd7c0 + (code >> 10);
        count += 1;
        units[count] = 0xdc00 | (code & 0x3ff);
        wrong |= code >>> 31;
        at += 4;
      }
      count += 1;
    }
    this.end = at;
    // Cut bytes look wrong here; the element is decoded again when it is whole.
    if (at >= size) return undefined;
    if (wrong !== 0) return this.#refuse();
    return textOf(units, count);
  }

  #decodeLong(bytes: Uint8Array, start: number, length: number): string | undefined {
    const size = bytes.length;
    let at = start;
    for (let left = length; left > 0 && at < size; left -= 1) {
      const lead = bytes[at] as number;
      at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    }
    this.end = at;
    if (at >= size) return undefined;
    try {
      return this.#decoder.decode(bytes.subarray(start, at));
    } catch {
      return this.#refuse();
    }
  }

  #refuse(): undefined {
    this.end = -1;
    return undefined;
  }
}

function isAscii(bytes: Uint8Array, start: number, length: number): boolean {
  let all = 0;
  for (let at = start; at < start + length; at += 1) all |= bytes[at] as number;
  return all < 0x80;
}

/** The code point of three bytes, or a negative number for what is none: wrong, overlong or a surrogate. */
function threeBytes(first: number, second: number, third: number): number {
  if ((second & 0xc0) !== 0x80 || (third & 0xc0) !== 0x80) return -1;
  const code = ((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
  return code < 0x800 || (code & 0xf800) === 0xd800 ? -1 : code;
}

/** The code point of four bytes, the last two in the low bits of `low`; negative for what is none. */
function fourBytes(first: number, second: number, low: number): number {
  if (low < 0 || (second & 0xc0) !== 0x80 || first > 0xf4) return -1;
  const code = ((first & 0x07) << 18) | ((second & 0x3f) << 12) | (low & 0xfff);
  return code < 0x10000 || code > 0x10ffff ? -1 : code;
}

// One call with a fixed number of arguments makes a string three times as fast as a loop or a spread.
function textOf(u: Uint16Array, count: number): string {
  if (count <= 8) return text8(u).substring(0, count);
  if (count <= 16) return text16(u).substring(0, count);
  if (count <= 24) return text24(u).substring(0, count);
  if (count <= 32) return text32(u).substring(0, count);
  return text32(u) + textOf(u.subarray(32), count - 32);
}

type Units = Readonly<Record<number, number>>;
const fromUnits = String.fromCharCode as (...units: ReadonlyArray<number | undefined>) => string;

const text8 = (u: Units): string => fromUnits(u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7]);

// biome-ignore format: eight units a line
const text16 = (u: Units): string => fromUnits(
  u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7],
  u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15],
);

// biome-ignore format: eight units a line
const text24 = (u: Units): string => fromUnits(
  u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7],
  u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15],
  u[16], u[17], u[18], u[19], u[20], u[21], u[22], u[23],
);

// biome-ignore format: eight units a line
const text32 = (u: Units): string => fromUnits(
  u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7],
  u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15],
  u[16], u[17], u[18], u[19], u[20], u[21], u[22], u[23],
  u[24], u[25], u[26], u[27], u[28], u[29], u[30], u[31],
);
