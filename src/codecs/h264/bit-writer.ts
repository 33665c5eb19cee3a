const LARGEST_GOLOMB = 2 ** 32 - 2;

/** Writes bits, most significant first, and Exp-Golomb codes: the mirror of `BitReader`. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #current = 0;
  #filled = 0;

  bit(value: number): void {
    this.#current = (this.#current << 1) | (value & 1);
    this.#filled += 1;
    if (this.#filled === 8) {
      this.#bytes.push(this.#current);
      this.#current = 0;
      this.#filled = 0;
    }
  }

  flag(value: boolean): void {
    this.bit(value ? 1 : 0);
  }

  /** u(count): an unsigned number of at most 32 bits. */
  bits(value: number, count: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** count) {
      throw new RangeError(`${value} does not fit ${count} unsigned bits.`);
    }
    for (let shift = count - 1; shift >= 0; shift -= 1) this.bit(Math.floor(value / 2 ** shift) & 1);
  }

  /** ue(v). */
  unsignedGolomb(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > LARGEST_GOLOMB) {
      throw new RangeError(`${value} has no Exp-Golomb code.`);
    }
    const length = Math.floor(Math.log2(value + 1));
    this.bits(0, length);
    this.bits(value + 1, length + 1);
  }

  /** se(v). */
  signedGolomb(value: number): void {
    this.unsignedGolomb(value > 0 ? value * 2 - 1 : -value * 2);
  }

  /** Ends with rbsp_trailing_bits and returns the bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    this.bit(1);
    while (this.#filled !== 0) this.bit(0);
    return Uint8Array.from(this.#bytes);
  }
}
