import { ProtocolError } from "../../base/index.ts";

/** Reads bits, most significant first, and Exp-Golomb codes from an RBSP (a NAL unit without emulation prevention). */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  bit(): number {
    if (this.bitsLeft < 1)
      throw new ProtocolError("truncated", "An H.264 parameter set ends in the middle of a field.");
    const byte = this.#bytes[this.#position >> 3] as number;
    const value = (byte >> (7 - (this.#position & 7))) & 1;
    this.#position += 1;
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** u(count): an unsigned number of at most 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + this.bit();
    return value;
  }

  /** ue(v): 0 to 2^32 - 2 (Rec. H.264, 9.1). */
  unsignedGolomb(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros += 1;
      if (zeros > 31) throw new ProtocolError("malformed", "An Exp-Golomb code has more than 31 leading zeros.");
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v): -(2^31 - 1) to 2^31 - 1 (Rec. H.264, 9.1.1). */
  signedGolomb(): number {
    const code = this.unsignedGolomb();
    if (code === 0) return 0;
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2);
  }
}
