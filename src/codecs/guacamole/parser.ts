import { ProtocolError } from "../../base/index.ts";
import { Assembler, type InstructionHandler } from "./assembler.ts";
import { readAscii, readUtf8 } from "./byte-reader.ts";
import type { GuacamoleLimits } from "./limits.ts";
import { neededLength, readText } from "./text-reader.ts";
import { Utf8ElementDecoder } from "./utf8-element.ts";
import { Utf8Splitter } from "./utf8-splitter.ts";

/** Chunks from this size on are worth a call of the platform's decoder or encoder. */
const MIN_BULK = 64;
const MAX_BULK_TEXT = 2 ** 20;
/** Characters a byte from which on decoding a whole chunk is faster than decoding its elements: European languages. */
const MOSTLY_ASCII = 0.85;
/** Chunks to read without bulk after one where it did not pay, doubled each time up to the most. */
const BULK_PAUSE = 15;
const MAX_BULK_PAUSE = 255;
/** Characters an instruction has on average from which on looking at bytes saves nothing over looking at text. */
const LONG_INSTRUCTION = 400;

/**
 * Parses Guacamole instructions, `LENGTH.VALUE(,LENGTH.VALUE)*;` with lengths in Unicode code points, from strict UTF-8
 * or from text. Chunks may be cut anywhere, also inside a character. Time and memory are linear in what arrives.
 *
 * Wrong input throws {@link ProtocolError} (`malformed` or `too-large`) after the instructions before it were handed
 * out. Nothing marks the start of an instruction, so from then on every call throws the same error until `reset`.
 */
export class GuacamoleParser {
  readonly #assembler: Assembler;
  readonly #elementDecoder = new Utf8ElementDecoder();
  readonly #splitter = new Utf8Splitter();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #encoder = new TextEncoder();
  #bulkBytes = new Uint8Array(0);
  #bulkPause = 0;
  #nextPause = BULK_PAUSE;
  /** Text from the start of the element that is not whole yet. */
  #pieces: string[] = [];
  #keptLength = 0;
  /** Characters the kept text needs before another look at it can help. */
  #neededLength = 0;
  #busy = false;

  /** `limits` that are not given are {@link DEFAULT_GUACAMOLE_LIMITS}. */
  constructor(handler: InstructionHandler, limits: Partial<GuacamoleLimits> = {}) {
    this.#assembler = new Assembler(handler, limits);
  }

  /** Takes the next bytes. Nothing of `chunk` is kept. */
  pushBytes(chunk: Uint8Array): void {
    this.#begin();
    let start = 0;
    // Completes the element that was cut, and takes no byte more: what follows is read where it lies.
    while (this.#keptLength > 0 && start < chunk.length) {
      const end = Math.min(chunk.length, start + this.#neededLength - this.#keptLength);
      this.#takeText(this.#decodePiece(chunk.subarray(start, end)));
      start = end;
    }
    if (start < chunk.length) this.#readBytes(start === 0 ? chunk : chunk.subarray(start));
    this.#busy = false;
  }

  /** Takes the next text. Half a surrogate pair is malformed, except that a pair may be cut by the end of a chunk. */
  pushText(chunk: string): void {
    this.#begin();
    if (this.#splitter.pendingBytes > 0) {
      this.#busy = false;
      throw new TypeError("Text cannot follow bytes that end inside a character.");
    }
    if (chunk !== "") this.#takeText(chunk);
    this.#busy = false;
  }

  /** Says that no more will come. Throws ProtocolError `truncated` inside an instruction. */
  finish(): void {
    this.#begin();
    this.#busy = false;
    if (this.#keptLength > 0 || this.#assembler.count > 0) {
      throw new ProtocolError("truncated", "A Guacamole stream ended inside an instruction.");
    }
  }

  /** Drops everything kept, also after an error; the next chunk starts with an instruction. */
  reset(): void {
    this.#assembler.reset();
    this.#splitter.reset();
    this.#pieces = [];
    this.#keptLength = 0;
    this.#busy = false;
  }

  #begin(): void {
    if (this.#assembler.failure !== undefined) throw this.#assembler.failure;
    if (this.#busy) throw new TypeError("A parser cannot be used inside its handler, nor after its handler threw.");
    this.#busy = true;
  }

  #readBytes(bytes: Uint8Array): void {
    const text = this.#bulkText(bytes);
    if (text !== undefined) {
      this.#keepRest(text, text.length === bytes.length ? readAscii(bytes, text, this.#assembler) : 0);
      return;
    }
    const position = readUtf8(bytes, this.#assembler, this.#elementDecoder);
    if (position < bytes.length) this.#takeText(this.#decodePiece(bytes.subarray(position)));
  }

  /** The text of a chunk that is ASCII, all or nearly all, if it is likely to be and long enough to be worth the call. */
  #bulkText(bytes: Uint8Array): string | undefined {
    if (bytes.length < MIN_BULK || !this.#bulkPays()) return undefined;
    try {
      const text = this.#decoder.decode(bytes);
      if (text.length >= bytes.length * MOSTLY_ASCII) {
        this.#nextPause = BULK_PAUSE;
        return text;
      }
    } catch {
      // Bytes that are wrong or cut inside a character: the reader of UTF-8 tells which.
    }
    this.#pauseBulk();
    return undefined;
  }

  #takeText(chunk: string): void {
    if (this.#keptLength === 0) {
      this.#readText(chunk);
      return;
    }
    this.#pieces.push(chunk);
    this.#keptLength += chunk.length;
    if (this.#keptLength < this.#neededLength) return;
    const text = this.#pieces.join("");
    this.#pieces = [];
    this.#keptLength = 0;
    this.#readText(text);
  }

  #readText(text: string): void {
    if (text.length >= MIN_BULK && text.length <= MAX_BULK_TEXT && this.#bulkPays()) {
      if (this.#bulkBytes.length < text.length) this.#bulkBytes = new Uint8Array(text.length);
      const { read, written } = this.#encoder.encodeInto(text, this.#bulkBytes);
      if (read === text.length && written === read) {
        const before = this.#assembler.delivered;
        this.#keepRest(text, readAscii(this.#bulkBytes, text, this.#assembler));
        const instructions = this.#assembler.delivered - before;
        if (text.length > LONG_INSTRUCTION * (instructions + 1)) this.#pauseBulk();
        else this.#nextPause = BULK_PAUSE;
        return;
      }
      this.#pauseBulk();
    }
    this.#keepRest(text, 0);
  }

  /** Reads `text` from `position` on, and keeps what then is left of it. */
  #keepRest(text: string, position: number): void {
    if (position === text.length) return;
    const rest = position === 0 ? text : text.substring(position);
    const end = readText(rest, this.#assembler);
    if (end === rest.length) return;
    const kept = rest.substring(end);
    this.#pieces.push(kept);
    this.#keptLength = kept.length;
    this.#neededLength = neededLength(kept, this.#assembler);
  }

  #decodePiece(bytes: Uint8Array): string {
    try {
      return this.#splitter.decode(bytes);
    } catch (cause) {
      throw this.#assembler.fail(this.#assembler.count, "malformed", "is not UTF-8", cause);
    }
  }

  #pauseBulk(): void {
    this.#bulkPause = this.#nextPause;
    this.#nextPause = Math.min(2 * this.#nextPause + 1, MAX_BULK_PAUSE);
  }

  #bulkPays(): boolean {
    if (this.#bulkPause === 0) return true;
    this.#bulkPause -= 1;
    return false;
  }
}
