import type { Assembler } from "./assembler.ts";
import { COMMA, DOT, MAX_LENGTH_DIGITS, SEMICOLON } from "./limits.ts";
import { MAX_SHORT_BYTES, shortText } from "./short-text.ts";
import type { Utf8ElementDecoder } from "./utf8-element.ts";

const ZERO = 0x30;

/**
 * Reads ASCII that is there as bytes and as text: bytes are the faster to look at, text the faster to cut strings from.
 * Returns where the element starts that is not whole, or the end.
 */
export function readAscii(bytes: Uint8Array, text: string, assembler: Assembler): number {
  const size = text.length;
  const { elements } = assembler;
  const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
  const oneDigit = Math.min(9, maxElementLength);
  let { count } = assembler;
  let instruction = -assembler.carriedLength;
  let position = 0;
  while (position < size) {
    let start = position + 2;
    let length = (bytes[position] as number) - ZERO;
    // Most lengths have one digit.
    if (start > size || bytes[start - 1] !== DOT || length >>> 0 > oneDigit) {
      start = endOfDigits(bytes, position, size) + 1;
      length = numberIn(bytes, position, start - 1);
      if (start > size && length <= maxElementLength && start - 1 - position <= MAX_LENGTH_DIGITS) break;
      if (!isLength(bytes, position, start, length, maxElementLength)) {
        throw assembler.failLength(count, start - 1 - position, length, bytes[start - 1] as number);
      }
    }
    const end = start + length;
    if (end + 1 - instruction > maxInstructionLength) throw assembler.failSize(count);
    if (end >= size) break;
    elements[count] = length <= MAX_SHORT_BYTES ? shortText(bytes, start, length) : text.substring(start, end);
    count += 1;
    position = end + 1;
    const terminator = bytes[end] as number;
    if (terminator === SEMICOLON) {
      assembler.deliver(count);
      count = 0;
      instruction = position;
    } else if (terminator !== COMMA || count === maxElements) throw assembler.failTerminator(count, terminator);
  }
  assembler.count = count;
  assembler.carriedLength = position - instruction;
  return position;
}

/** Reads UTF-8. Returns where the element starts that is not whole, or the end. */
export function readUtf8(bytes: Uint8Array, assembler: Assembler, decoder: Utf8ElementDecoder): number {
  const size = bytes.length;
  const { elements } = assembler;
  const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
  const oneDigit = Math.min(9, maxElementLength);
  let { count, carriedLength } = assembler;
  let position = 0;
  while (position < size) {
    let start = position + 2;
    let length = (bytes[position] as number) - ZERO;
    if (start > size || bytes[start - 1] !== DOT || length >>> 0 > oneDigit) {
      start = endOfDigits(bytes, position, size) + 1;
      length = numberIn(bytes, position, start - 1);
      if (start > size && length <= maxElementLength && start - 1 - position <= MAX_LENGTH_DIGITS) break;
      if (!isLength(bytes, position, start, length, maxElementLength)) {
        throw assembler.failLength(count, start - 1 - position, length, bytes[start - 1] as number);
      }
    }
    if (carriedLength + start - position + length + 1 > maxInstructionLength) throw assembler.failSize(count);
    const element = decoder.decode(bytes, start, length);
    if (element === undefined) {
      if (decoder.end < 0) throw assembler.fail(count, "malformed", "is not UTF-8");
      break;
    }
    const end = decoder.end;
    carriedLength += start - position + element.length + 1;
    if (carriedLength > maxInstructionLength) throw assembler.failSize(count);
    elements[count] = element;
    count += 1;
    position = end + 1;
    const terminator = bytes[end] as number;
    if (terminator === SEMICOLON) {
      assembler.deliver(count);
      count = 0;
      carriedLength = 0;
    } else if (terminator !== COMMA || count === maxElements) throw assembler.failTerminator(count, terminator);
  }
  assembler.count = count;
  assembler.carriedLength = carriedLength;
  return position;
}

function endOfDigits(bytes: Uint8Array, start: number, size: number): number {
  let at = start;
  while (at < size && ((bytes[at] as number) - ZERO) >>> 0 <= 9) at += 1;
  return at;
}

/** The decimal number; digits beyond the allowed ones make it only larger. */
function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + (bytes[at] as number) - ZERO;
  return value;
}

/** Whether `start` lies behind the dot of an allowed length. */
function isLength(bytes: Uint8Array, position: number, start: number, length: number, max: number): boolean {
  const digits = start - 1 - position;
  return bytes[start - 1] === DOT && digits > 0 && digits <= MAX_LENGTH_DIGITS && length <= max;
}
