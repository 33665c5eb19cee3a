import type { Assembler } from "./assembler.ts";
import { COMMA, DOT, MAX_LENGTH_DIGITS, SEMICOLON } from "./limits.ts";

const ZERO = 0x30;
const NINE = 0x39;

// V8 answers this at once for strings of one-byte characters, and faster than any loop for others.
const SURROGATE = /[\ud800-\udfff]/;

/** Reads UTF-16 text. Made once for each parser; `position` and `needed` tell of the element that is not whole. */
export class TextReader {
  readonly #assembler: Assembler;
  /** Where the element starts that is not whole, or the end. */
  position = 0;
  /** Characters from `position` on that must be there before another look can help. */
  needed = 0;

  constructor(assembler: Assembler) {
    this.#assembler = assembler;
  }

  read(text: string): void {
    const assembler = this.#assembler;
    const size = text.length;
    const { elements } = assembler;
    const { maxElementLength, maxElements, maxInstructionLength } = assembler.limits;
    const paired = SURROGATE.test(text);
    let { count } = assembler;
    let instruction = -assembler.carriedLength;
    let position = 0;
    this.needed = 0;
    while (position < size) {
      let at = position;
      let length = 0;
      let code = DOT;
      for (; at < size; at += 1) {
        code = text.charCodeAt(at);
        if (code < ZERO || code > NINE) break;
        length = length * 10 + code - ZERO;
      }
      const digits = at - position;
      if (length > maxElementLength || digits > MAX_LENGTH_DIGITS) throw assembler.failLength(count, digits, length, 0);
      this.needed = digits + 1;
      if (at === size) break;
      if (code !== DOT || digits === 0) throw assembler.failLength(count, digits, length, code);
      const start = at + 1;
      const end = paired ? this.#endOfCharacters(text, start, length, count) : start + length;
      if (end + 1 - instruction > maxInstructionLength) throw assembler.failSize(count);
      this.needed = end + 1 - position;
      if (end >= size) break;
      elements[count] = text.substring(start, end);
      count += 1;
      position = end + 1;
      const terminator = text.charCodeAt(end);
      if (terminator === SEMICOLON) {
        assembler.deliver(count);
        count = 0;
        instruction = position;
      } else if (terminator !== COMMA || count === maxElements) throw assembler.failTerminator(count, terminator);
    }
    assembler.count = count;
    assembler.carriedLength = position - instruction;
    this.position = position;
  }

  /** Where the `length` code points from `start` on end, or the least it can be if they are not all there. */
  #endOfCharacters(text: string, start: number, length: number, count: number): number {
    let at = start;
    for (let left = length; left > 0; left -= 1) {
      if (at >= text.length) return at + left;
      const code = text.charCodeAt(at);
      at += 1;
      if (code < 0xd800 || code > 0xdfff) continue;
      if (at === text.length && code < 0xdc00) return at + left;
      const low = text.charCodeAt(at);
      if (code > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) {
        throw this.#assembler.fail(count, "malformed", "holds half a character");
      }
      at += 1;
    }
    return at;
  }
}
