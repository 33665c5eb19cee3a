// Nearly all elements are opcodes and small numbers: sharing their strings costs less than making them, and leaves
// nothing to collect.
const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const NUMBERS = 10_000;
const numbers = new Array<string>(NUMBERS).fill("");
const WORD_BITS = 10;
const words = new Array<string>(1 << WORD_BITS).fill("");
const wordKeys = new Int32Array(1 << WORD_BITS);

/** Bytes up to which {@link shortText} applies. */
export const MAX_SHORT_BYTES = 4;

/** The string of `length` ASCII bytes, at most four. */
export function shortText(bytes: Uint8Array, start: number, length: number): string {
  if (length === 1) return characters[bytes[start] as number] as string;
  if (length === 0) return "";
  const end = start + length;
  let value = (bytes[start] as number) - 0x30;
  // A number that starts with a zero is another text than the number.
  if (value > 9 || value < 1) return word(bytes, start, end);
  for (let at = start + 1; at < end; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit >>> 0 > 9) return word(bytes, start, end);
    value = value * 10 + digit;
  }
  const known = numbers[value] as string;
  if (known !== "") return known;
  const made = String(value);
  numbers[value] = made;
  return made;
}

function word(bytes: Uint8Array, start: number, end: number): string {
  let key = 0;
  // The high bit tells a zero byte from none.
  for (let at = start; at < end; at += 1) key = (key << 8) | (bytes[at] as number) | 0x80;
  const slot = Math.imul(key, 0x9e3779b1) >>> (32 - WORD_BITS);
  if (wordKeys[slot] === key) return words[slot] as string;
  let made = "";
  for (let at = start; at < end; at += 1) made += String.fromCharCode(bytes[at] as number);
  wordKeys[slot] = key;
  words[slot] = made;
  return made;
}
