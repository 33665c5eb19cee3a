import type { Assembler } from "./assembler.ts";
import { COMMA, DOT, MAX_LENGTH_DIGITS, SEMICOLON } from "./limits.ts";
import { MAX_SHORT_BYTES, shortText } from "./short-text.ts";
import type { Utf8ElementDecoder } from "./utf8-element.ts";

const ZERO = 0x30;
const DOT_MINUS_ZERO = DOT - ZERO;

/**
 * Reads ASCII that is there as bytes and as text: bytes are the faster to look at, text the faster to cut strings from.
 * Returns where the element starts that is not whole, or the end.
 */
export function readAscii(bytes: Uint8Array, text: string, assembler: Assembler): number {
  let position = 0;
  while (position < text.length) {
    const next = readAsciiInstruction(bytes, text, position, assembler);
    if (next < 0) return ~next;
    position = next;
  }
  return position;
}

/**
 * Reads to the end of one instruction and returns where it is, or where the element starts that is not whole, as a
 * negative number (by `~`). A function of its own, since V8 optimises those well that are called often.
 */
function readAsciiInstruction(bytes: Uint8Array, text: string, from: number, assembler: Assembler): number {
  const size = text.length;
  const { elements } = assembler;
  const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
  let { count } = assembler;
  const instruction = from - assembler.carriedLength;
  let position = from;
  while (position < size) {
    let at = position + 1;
    let length = (bytes[position] as number) - ZERO;
    if (length >>> 0 > 9) throw assembler.failLength(count, 0, 0, bytes[position] as number);
    let digit = at === size ? 0 : (bytes[at] as number) - ZERO;
    // Most lengths have one digit, and need nothing of this.
    if (digit !== DOT_MINUS_ZERO || length > maxElementLength) {
      while (at < size && digit >>> 0 <= 9) {
        length = length * 10 + digit;
        at += 1;
        if (at < size) digit = (bytes[at] as number) - ZERO;
      }
      const digits = at - position;
      const allowed = length <= maxElementLength && digits <= MAX_LENGTH_DIGITS;
      if (at === size && allowed) break;
      if (digit !== DOT_MINUS_ZERO || !allowed) throw assembler.failLength(count, digits, length, bytes[at] as number);
    }
    const start = at + 1;
    const end = start + length;
    if (end + 1 - instruction > maxInstructionLength) throw assembler.failSize(count);
    if (end >= size) break;
    elements[count] = length <= MAX_SHORT_BYTES ? shortText(bytes, start, length) : text.substring(start, end);
    count += 1;
    position = end + 1;
    const terminator = bytes[end] as number;
    if (terminator === SEMICOLON) {
      assembler.deliver(count);
      return position;
    }
    if (terminator !== COMMA || count === maxElements) throw assembler.failTerminator(count, terminator);
  }
  assembler.count = count;
  assembler.carriedLength = position - instruction;
  return ~position;
}

/** Reads UTF-8. Returns where the element starts that is not whole, or the end. */
export function readUtf8(bytes: Uint8Array, assembler: Assembler, decoder: Utf8ElementDecoder): number {
  let position = 0;
  while (position < bytes.length) {
    const next = readUtf8Instruction(bytes, position, assembler, decoder);
    if (next < 0) return ~next;
    position = next;
  }
  return position;
}

/** As {@link readAsciiInstruction}. */
function readUtf8Instruction(
  bytes: Uint8Array,
  from: number,
  assembler: Assembler,
  decoder: Utf8ElementDecoder,
): number {
  const size = bytes.length;
  const { elements } = assembler;
  const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
  let { count, carriedLength } = assembler;
  let position = from;
  while (position < size) {
    let at = position;
    let length = 0;
    let digit = (bytes[at] as number) - ZERO;
    while (digit >>> 0 <= 9) {
      length = length * 10 + digit;
      at += 1;
      if (at === size) break;
      digit = (bytes[at] as number) - ZERO;
    }
    const digits = at - position;
    const allowed = length <= maxElementLength && digits <= MAX_LENGTH_DIGITS;
    if (digit !== DOT_MINUS_ZERO || digits === 0 || !allowed) {
      if (at === size && allowed) break;
      throw assembler.failLength(count, digits, length, bytes[at] as number);
    }
    const start = at + 1;
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
      return position;
    }
    if (terminator !== COMMA || count === maxElements) throw assembler.failTerminator(count, terminator);
  }
  assembler.count = count;
  assembler.carriedLength = carriedLength;
  return ~position;
}
