import { ProtocolError } from "../../base/index.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads big-endian fields of one message in order. Running past the end is a {@link ProtocolError} `truncated` that
 * names the message.
 */
export class PayloadReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #offset = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number {
    return this.#unsigned(1);
  }

  uint16(): number {
    return this.#unsigned(2);
  }

  uint32(): number {
    return this.#unsigned(4);
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    if (length > this.remaining) {
      throw new ProtocolError("truncated", `A ${this.#name} lacks ${length - this.remaining} bytes.`);
    }
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** The next `length` bytes as strict UTF-8. */
  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return strictUtf8.decode(bytes);
    } catch (cause) {
      throw new ProtocolError("malformed", `A ${this.#name} holds text that is not UTF-8.`, { cause });
    }
  }

  #unsigned(width: 1 | 2 | 4): number {
    let value = 0;
    for (const byte of this.bytes(width)) value = value * 256 + byte;
    return value;
  }
}
