/**
 * Writes one X request: opcode, data byte (the minor opcode of an extension), the length that libxcb fills in, and the
 * fields in the order of the protocol's encoding.
 *
 *     connection.send(request(xtest.majorOpcode, 2).u8(type, detail).skip(2).u32(0, root).skip(8).i16(x, y).skip(8).bytes());
 */
export function request(opcode: number, data = 0): RequestWriter {
  return new RequestWriter(opcode, data);
}

/** See {@link request}. Every method returns the writer. */
export class RequestWriter {
  #buffer = Buffer.alloc(64);
  #length = 4;

  constructor(opcode: number, data: number) {
    this.#buffer[0] = opcode;
    this.#buffer[1] = data;
  }

  u8(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(1);
      this.#buffer.writeUInt8(value, at);
    }
    return this;
  }

  u16(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(2);
      this.#buffer.writeUInt16LE(value, at);
    }
    return this;
  }

  i16(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(2);
      this.#buffer.writeInt16LE(value, at);
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(4);
      this.#buffer.writeUInt32LE(value >>> 0, at);
    }
    return this;
  }

  i32(...values: number[]): this {
    for (const value of values) {
      const at = this.#grow(4);
      this.#buffer.writeInt32LE(value, at);
    }
    return this;
  }

  /** Leaves `count` zero bytes. */
  skip(count: number): this {
    this.#grow(count);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  latin1(text: string): this {
    return this.raw(Buffer.from(text, "latin1"));
  }

  /** The whole request, padded to a multiple of four bytes. */
  bytes(): Buffer {
    this.#grow((4 - (this.#length % 4)) % 4);
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger);
      this.#buffer = larger;
    }
    return at;
  }
}
