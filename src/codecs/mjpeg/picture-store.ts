/** Pieces below this are copied into a block, so that a stream in tiny pieces costs no object for each. */
const SMALL_PIECE_BYTES = 256;
const BLOCK_BYTES = 16 * 1024;

/**
 * The bytes of the picture that is being received, as references to what came in. Each byte is copied once, when the
 * picture is taken, or twice where it came in a piece below 256 bytes.
 */
export class PictureStore {
  #pieces: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #blockUsed = 0;
  #length = 0;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** Keeps a reference to `piece`, whose owner must not change it until the picture was taken or cleared. */
  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#length += piece.length;
    if (piece.length < SMALL_PIECE_BYTES) this.#appendSmall(piece);
    else this.#pieces.push(piece);
  }

  /** Whether the last two bytes are these. */
  endsWith(first: number, second: number): boolean {
    const last = this.#pieces.at(-1);
    const before = last?.length === 1 ? this.#pieces.at(-2)?.at(-1) : last?.at(-2);
    return before === first && last?.at(-1) === second;
  }

  /** Everything, as bytes of the caller's own. */
  copy(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length);
    let offset = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return bytes;
  }

  /** Returns the pieces from `offset` on, uncopied, and holds nothing any more. */
  cut(offset: number): Uint8Array[] {
    let skip = offset;
    const tail: Uint8Array[] = [];
    for (const piece of this.#pieces) {
      if (skip < piece.length) tail.push(skip > 0 ? piece.subarray(skip) : piece);
      skip = Math.max(0, skip - piece.length);
    }
    this.clear();
    return tail;
  }

  clear(): void {
    this.#pieces = [];
    this.#block = new Uint8Array(0);
    this.#blockUsed = 0;
    this.#length = 0;
  }

  #appendSmall(piece: Uint8Array): void {
    if (this.#blockUsed + piece.length > this.#block.length) {
      this.#block = new Uint8Array(this.#length === piece.length ? SMALL_PIECE_BYTES : BLOCK_BYTES);
      this.#blockUsed = 0;
    }
    const from = this.#blockUsed;
    this.#block.set(piece, from);
    this.#blockUsed += piece.length;
    const last = this.#pieces.at(-1);
    // Neighbours in the block become one piece.
    if (from > 0 && last?.buffer === this.#block.buffer) {
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(last.byteOffset, this.#blockUsed);
    } else {
      this.#pieces.push(this.#block.subarray(from, this.#blockUsed));
    }
  }
}
