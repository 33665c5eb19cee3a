const utf8 = new TextEncoder();

/** Writes big-endian fields one after another into a kept buffer. What does not fit or is out of range is a RangeError. */
export class PayloadWriter {
  readonly #target: Uint8Array;
  #offset: number;

  constructor(target: Uint8Array, offset: number) {
    this.#target = target;
    this.#offset = offset;
  }

  /** Where the next field goes. */
  get offset(): number {
    return this.#offset;
  }

  uint8(value: number): this {
    return this.#unsigned(value, 1);
  }

  uint16(value: number): this {
    return this.#unsigned(value, 2);
  }

  uint32(value: number): this {
    return this.#unsigned(value, 4);
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#target.set(bytes, this.#offset);
    this.#offset += bytes.length;
    return this;
  }

  /** The text in UTF-8 behind its length in bytes, a u16 or a u32. */
  countedText(text: string, countWidth: 2 | 4): this {
    const bytes = utf8.encode(text);
    return this.#unsigned(bytes.length, countWidth).bytes(bytes);
  }

  #unsigned(value: number, width: 1 | 2 | 4): this {
    if (!Number.isInteger(value) || value < 0 || value >= 256 ** width) {
      throw new RangeError(`${value} does not fit an unsigned field of ${width} bytes.`);
    }
    this.#reserve(width);
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) {
      this.#target[this.#offset] = value >>> shift;
      this.#offset += 1;
    }
    return this;
  }

  #reserve(size: number): void {
    if (this.#offset + size > this.#target.length) {
      throw new RangeError(`A message needs more than the ${this.#target.length} bytes of its buffer.`);
    }
  }
}
