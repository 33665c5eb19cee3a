/**
 * Decodes strict UTF-8 in pieces that may be cut inside a character. Overlong forms, surrogates and values above
 * U+10FFFF are refused; a byte order mark is text.
 */
export class Utf8Splitter {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** A character cut by the end of the last piece. */
  readonly #cut = new Uint8Array(4);
  #cutLength = 0;

  /** Bytes kept of a character that is not whole. */
  get pendingBytes(): number {
    return this.#cutLength;
  }

  reset(): void {
    this.#cutLength = 0;
  }

  /** The text of all characters that are whole now. Throws TypeError when the bytes are not UTF-8. */
  decode(piece: Uint8Array): string {
    let start = 0;
    let head = "";
    if (this.#cutLength > 0) {
      const size = characterBytes(this.#cut[0] as number);
      start = Math.min(size - this.#cutLength, piece.length);
      this.#cut.set(piece.subarray(0, start), this.#cutLength);
      this.#cutLength += start;
      if (this.#cutLength < size) return "";
      head = this.#decoder.decode(this.#cut.subarray(0, size));
      this.#cutLength = 0;
    }
    const end = endOfWholeCharacters(piece, start);
    const text = this.#decoder.decode(piece.subarray(start, end));
    this.#cut.set(piece.subarray(end));
    this.#cutLength = piece.length - end;
    return head + text;
  }
}

/** Bytes of the character that `lead` starts; 1 for what starts none, which the decoder then refuses. */
function characterBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** The end of `piece` without a character at its end that lacks bytes. */
function endOfWholeCharacters(piece: Uint8Array, start: number): number {
  const first = Math.max(start, piece.length - 3);
  for (let index = piece.length - 1; index >= first; index -= 1) {
    const byte = piece[index] as number;
    if (byte >= 0x80 && byte < 0xc0) continue;
    return index + characterBytes(byte) > piece.length ? index : piece.length;
  }
  return piece.length;
}
