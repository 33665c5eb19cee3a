/** Takes the chunks of HTTP/1.1 out of a body and gives what is in them. */
export class ChunkedBody {
  readonly #sink: (bytes: Buffer) => void;
  #line = "";
  #left = 0;

  constructor(sink: (bytes: Buffer) => void) {
    this.#sink = sink;
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, bytes.byteLength - at);
        this.#sink(bytes.subarray(at, at + taken));
        this.#left -= taken;
        at += taken;
        continue;
      }
      const end = bytes.indexOf(10, at);
      this.#line += bytes.toString("latin1", at, end < 0 ? bytes.byteLength : end);
      at = end < 0 ? bytes.byteLength : end + 1;
      if (end < 0) continue;
      // The line between two chunks is empty.
      this.#left = Number.parseInt(this.#line, 16) || 0;
      this.#line = "";
    }
  }
}
