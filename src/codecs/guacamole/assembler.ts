import { ProtocolError } from "../../base/index.ts";
import { COMMA, DEFAULT_GUACAMOLE_LIMITS, type GuacamoleLimits, MAX_LENGTH_DIGITS } from "./limits.ts";

/**
 * Gets one instruction. `args` is used again for later instructions: copy what must outlive the call. An exception
 * leaves the parser unusable until `reset`.
 */
export type InstructionHandler = (opcode: string, args: readonly string[]) => void;

const FILLED_ELEMENTS = 256;

/**
 * The instruction being read, between the readers of bytes and of text. While they read they count in variables of
 * their own; what is here holds where a chunk ended inside an instruction.
 */
export class Assembler {
  readonly limits: GuacamoleLimits;
  readonly #handler: InstructionHandler;
  /** Elements of the current instruction; only the first `count` are its own. */
  readonly elements: string[];
  count = 0;
  /** Characters of the current instruction in its whole elements, digits and delimiters included. */
  carriedLength = 0;
  /** Instructions handed out since the parser was made. */
  delivered = 0;
  failure: ProtocolError | undefined;
  /** Argument arrays by number of arguments, made when first needed. */
  readonly #args: string[][] = [];

  constructor(handler: InstructionHandler, limits: Partial<GuacamoleLimits>) {
    this.#handler = handler;
    this.limits = { ...DEFAULT_GUACAMOLE_LIMITS, ...limits };
    // Filled from the start: storing behind the end of an array makes the readers' loops three times as slow.
    this.elements = new Array<string>(Math.min(this.limits.maxElements, FILLED_ELEMENTS)).fill("");
  }

  reset(): void {
    this.count = 0;
    this.carriedLength = 0;
    this.failure = undefined;
  }

  /** Hands out the first `count` elements. */
  deliver(count: number): void {
    const last = count - 1;
    this.count = 0;
    this.carriedLength = 0;
    this.delivered += 1;
    const elements = this.elements;
    while (this.#args.length <= last) this.#args.push(new Array<string>(this.#args.length).fill(""));
    const args = this.#args[last] as string[];
    for (let index = 0; index < last; index += 1) args[index] = elements[index + 1] as string;
    this.#handler(elements[0] as string, args);
  }

  /** The error of a length that is not followed by a dot, or that is over the limit. */
  failLength(count: number, digits: number, value: number, found: number): ProtocolError {
    if (digits > MAX_LENGTH_DIGITS || value > this.limits.maxElementLength) {
      return this.fail(count, "too-large", `has an element of more than ${this.limits.maxElementLength} characters`);
    }
    const where = digits === 0 ? "at the start of" : "in";
    return this.fail(count, "malformed", `has ${describe(found)} ${where} the length of element ${count}`);
  }

  /** The error of an instruction over the limit of its size. */
  failSize(count: number): ProtocolError {
    return this.fail(count, "too-large", `is longer than ${this.limits.maxInstructionLength} characters`);
  }

  /** The error of `found` behind the last of `count` elements: no delimiter, or one that announces too many elements. */
  failTerminator(count: number, found: number): ProtocolError {
    if (found === COMMA) return this.fail(count, "too-large", `has more than ${this.limits.maxElements} elements`);
    return this.fail(count, "malformed", `has ${describe(found)} instead of "," or ";" behind element ${count - 1}`);
  }

  fail(count: number, code: "malformed" | "too-large", problem: string, cause?: unknown): ProtocolError {
    const opcode = count > 0 ? ` ${JSON.stringify((this.elements[0] as string).slice(0, 32))}` : "";
    this.failure = new ProtocolError(code, `A Guacamole instruction${opcode} ${problem}.`, { cause });
    return this.failure;
  }
}

function describe(code: number): string {
  return code > 0x20 && code < 0x7f ? `"${String.fromCharCode(code)}"` : `the character code ${code}`;
}
