import { ProtocolError } from "../../base/index.ts";
import { DEFAULT_GUACAMOLE_LIMITS, type GuacamoleLimits, MAX_LENGTH_DIGITS } from "./limits.ts";
import { Utf8Splitter } from "./utf8-splitter.ts";

/**
 * Gets one instruction. `args` is used again for later instructions: copy what must outlive the call. An exception
 * leaves the parser unusable until `reset`.
 */
export type InstructionHandler = (opcode: string, args: readonly string[]) => void;

const DOT = 0x2e;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const ZERO = 0x30;

// V8 answers this at once for strings of one-byte characters, and faster than any loop for others.
const SURROGATE = /[\ud800-\udfff]/;

/**
 * Parses Guacamole instructions, `LENGTH.VALUE(,LENGTH.VALUE)*;` with lengths in Unicode code points, from bytes or
 * from text in chunks that may be cut anywhere, also inside a character. Time and memory are linear in what arrives.
 *
 * Wrong input throws {@link ProtocolError} (`malformed` or `too-large`) after the instructions before it were handed
 * out. Nothing marks the start of an instruction, so from then on every call throws the same error until `reset`.
 */
export class GuacamoleParser {
  readonly #handler: InstructionHandler;
  readonly #limits: GuacamoleLimits;
  readonly #utf8 = new Utf8Splitter();
  /** Elements of the instruction being read; only the first `#count` are its own. */
  readonly #elements: string[] = [];
  #count = 0;
  /** Argument arrays by number of arguments, made when first needed. */
  readonly #args: string[][] = [];
  /** Units of the current instruction that lie before the kept text. */
  #consumed = 0;
  /** Text from the start of the element that is not whole yet, and its units. */
  #pieces: string[] = [];
  #keptUnits = 0;
  /** Units the kept text needs before another look at it can help. */
  #neededUnits = 0;
  #reading = false;
  #failure: ProtocolError | undefined;

  constructor(handler: InstructionHandler, limits: Partial<GuacamoleLimits> = {}) {
    this.#handler = handler;
    this.#limits = { ...DEFAULT_GUACAMOLE_LIMITS, ...limits };
  }

  /** Takes the next bytes: strict UTF-8. Nothing of `chunk` is kept. */
  pushBytes(chunk: Uint8Array): void {
    this.#require();
    let text: string;
    try {
      text = this.#utf8.decode(chunk);
    } catch (cause) {
      throw this.#fail("malformed", "is not UTF-8", cause);
    }
    this.pushText(text);
  }

  /** Takes the next text. A surrogate without its partner is malformed, except that a pair may be cut by the end. */
  pushText(chunk: string): void {
    this.#require();
    if (this.#keptUnits === 0) {
      this.#read(chunk);
      return;
    }
    this.#pieces.push(chunk);
    this.#keptUnits += chunk.length;
    if (this.#keptUnits < this.#neededUnits) return;
    const text = this.#pieces.join("");
    this.#pieces = [];
    this.#keptUnits = 0;
    this.#read(text);
  }

  /** Says that no more will come. Throws ProtocolError `truncated` inside an instruction. */
  finish(): void {
    this.#require();
    if (this.#keptUnits > 0 || this.#count > 0 || this.#utf8.pendingBytes > 0) {
      throw new ProtocolError("truncated", "A Guacamole stream ended inside an instruction.");
    }
  }

  /** Drops everything kept, also after an error; the next chunk starts with an instruction. */
  reset(): void {
    this.#utf8.reset();
    this.#count = 0;
    this.#consumed = 0;
    this.#pieces = [];
    this.#keptUnits = 0;
    this.#reading = false;
    this.#failure = undefined;
  }

  #read(text: string): void {
    this.#reading = true;
    const size = text.length;
    const { maxElementLength, maxInstructionLength } = this.#limits;
    const paired = SURROGATE.test(text);
    let instruction = -this.#consumed;
    let position = 0;
    while (position < size) {
      let at = position;
      let length = 0;
      let code = 0;
      while (at < size) {
        code = text.charCodeAt(at);
        if (code < ZERO || code > 0x39) break;
        length = length * 10 + code - ZERO;
        at += 1;
      }
      if (length > maxElementLength || at - position > MAX_LENGTH_DIGITS) throw this.#failLength(text, position, at);
      if (at === size) {
        this.#keep(text, position, at + 1);
        break;
      }
      if (code !== DOT || at === position) throw this.#failLength(text, position, at);
      const start = at + 1;
      const end = paired ? this.#endOfCharacters(text, start, length) : start + length;
      if (end + 1 - instruction > maxInstructionLength) {
        throw this.#fail("too-large", `is longer than ${maxInstructionLength} characters`);
      }
      if (end >= size) {
        this.#keep(text, position, end + 1);
        break;
      }
      const terminator = text.charCodeAt(end);
      this.#elements[this.#count] = text.substring(start, end);
      this.#count += 1;
      position = end + 1;
      if (terminator === SEMICOLON) {
        this.#deliver();
        instruction = position;
      } else if (terminator !== COMMA) {
        throw this.#failTerminator(terminator);
      } else if (this.#count === this.#limits.maxElements) {
        throw this.#fail("too-large", `has more than ${this.#limits.maxElements} elements`);
      }
    }
    this.#consumed = position - instruction;
    this.#reading = false;
  }

  #deliver(): void {
    const last = this.#count - 1;
    this.#count = 0;
    const elements = this.#elements;
    let args = this.#args[last];
    if (args === undefined) {
      args = new Array<string>(last).fill("");
      while (this.#args.length < last) this.#args.push(new Array<string>(this.#args.length).fill(""));
      this.#args[last] = args;
    }
    for (let index = 0; index < last; index += 1) args[index] = elements[index + 1] as string;
    this.#handler(elements[0] as string, args);
  }

  /** Where the value of `length` code points that starts at `start` ends, or the least it can be if that is not there yet. */
  #endOfCharacters(text: string, start: number, length: number): number {
    let at = start;
    for (let left = length; left > 0; left -= 1) {
      if (at >= text.length) return at + left;
      const code = text.charCodeAt(at);
      at += 1;
      if (code < 0xd800 || code > 0xdfff) continue;
      if (at === text.length && code < 0xdc00) return at + left;
      const low = text.charCodeAt(at);
      if (code > 0xdbff || low < 0xdc00 || low > 0xdfff) throw this.#fail("malformed", "holds half a character");
      at += 1;
    }
    return at;
  }

  #keep(text: string, position: number, needed: number): void {
    this.#pieces.push(position === 0 ? text : text.substring(position));
    this.#keptUnits = text.length - position;
    this.#neededUnits = needed - position;
  }

  #require(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#reading) throw new TypeError("A parser cannot be used inside its handler, or after its handler threw.");
  }

  #failLength(text: string, position: number, at: number): ProtocolError {
    const shown = JSON.stringify(text.substring(position, Math.min(at + 1, position + 20)));
    const tooLarge =
      at > position && (at === text.length || text.charCodeAt(at) === DOT || at - position > MAX_LENGTH_DIGITS);
    if (!tooLarge) return this.#fail("malformed", `has ${shown} instead of an element's length and a dot`);
    return this.#fail(
      "too-large",
      `has an element of the length ${shown}; the limit is ${this.#limits.maxElementLength}`,
    );
  }

  #failTerminator(code: number): ProtocolError {
    const found = code > 0x20 && code < 0x7f ? `"${String.fromCharCode(code)}"` : `character ${code}`;
    return this.#fail("malformed", `has ${found} instead of "," or ";" behind element ${this.#count}`);
  }

  #fail(code: "malformed" | "too-large", problem: string, cause?: unknown): ProtocolError {
    const opcode = this.#count > 0 ? ` ${JSON.stringify((this.#elements[0] as string).slice(0, 32))}` : "";
    this.reset();
    this.#failure = new ProtocolError(code, `A Guacamole instruction${opcode} ${problem}.`, { cause });
    return this.#failure;
  }
}
