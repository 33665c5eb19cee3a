import type { Assembler } from "./assembler.ts";
import { COMMA, DOT, MAX_LENGTH_DIGITS, SEMICOLON } from "./limits.ts";

const ZERO = 0x30;
const DOT_MINUS_ZERO = DOT - ZERO;

// V8 answers this at once for strings of one-byte characters, and faster than any loop for others.
const SURROGATE = /[\ud800-\udfff]/;

/** Reads UTF-16 text. Returns where the element starts that is not whole, or the end. */
export function readText(text: string, assembler: Assembler): number {
  const paired = SURROGATE.test(text);
  let position = 0;
  while (position < text.length) {
    const next = readTextInstruction(text, paired, position, assembler);
    if (next < 0) return ~next;
    position = next;
  }
  return position;
}

/**
 * Reads to the end of one instruction and returns where it is, or where the element starts that is not whole, as a
 * negative number (by `~`). `paired` says whether there are surrogates in `text`.
 */
function readTextInstruction(text: string, paired: boolean, from: number, assembler: Assembler): number {
  const size = text.length;
  const { elements } = assembler;
  const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
  let { count } = assembler;
  const instruction = from - assembler.carriedLength;
  let position = from;
  while (position < size) {
    let at = position;
    let length = 0;
    let digit = text.charCodeAt(at) - ZERO;
    while (digit >>> 0 <= 9) {
      length = length * 10 + digit;
      at += 1;
      if (at === size) break;
      digit = text.charCodeAt(at) - ZERO;
    }
    const digits = at - position;
    const allowed = length <= maxElementLength && digits <= MAX_LENGTH_DIGITS;
    if (digit !== DOT_MINUS_ZERO || digits === 0 || !allowed) {
      if (at === size && allowed) break;
      throw assembler.failLength(count, digits, length, text.charCodeAt(at));
    }
    const start = at + 1;
    const end = paired ? endOfCharacters(text, start, length, assembler) : start + length;
    if (end + 1 - instruction > maxInstructionLength) throw assembler.failSize(count);
    if (end >= size) break;
    elements[count] = text.substring(start, end);
    count += 1;
    position = end + 1;
    const terminator = text.charCodeAt(end);
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

/** Characters that the element at the start of `text`, which is not whole, needs at least, its terminator included. */
export function neededLength(text: string, assembler: Assembler): number {
  const dot = text.indexOf(".");
  if (dot < 0) return text.length + 1;
  return endOfCharacters(text, dot + 1, Number(text.substring(0, dot)), assembler) + 1;
}

/** Where the `length` code points from `start` on end, or the least it can be if they are not all there. */
function endOfCharacters(text: string, start: number, length: number, assembler: Assembler): number {
  let at = start;
  for (let left = length; left > 0; left -= 1) {
    if (at >= text.length) return at + left;
    const code = text.charCodeAt(at);
    at += 1;
    if (code < 0xd800 || code > 0xdfff) continue;
    if (at === text.length && code < 0xdc00) return at + left;
    const low = text.charCodeAt(at);
    if (code > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) {
      throw assembler.fail(assembler.count, "malformed", "holds half a character");
    }
    at += 1;
  }
  return at;
}
