import { ChunkedBody } from "./chunked-body.ts";
import { monotonicMs } from "./monotonic.ts";
import { readStamp, STAMPED_HEAD_BYTES } from "./stamped-jpeg.ts";

/** What a reader tells of each picture when its last byte has come. */
export type PartListener = (part: {
  /** When its source sent it until now; undefined where it was encoded anew. */
  readonly ageMs: number | undefined;
  readonly bytes: number;
  /** It shows what was sent before. */
  readonly repeat: boolean;
}) => void;

const MAX_HEADER_BYTES = 4096;

/** Reads multipart streams with Content-Length and keeps nothing of their pictures, so that many fit into one process. */
export class PartReader {
  readonly #listener: PartListener;
  #header = "";
  #head = Buffer.alloc(0);
  #bytes = 0;
  #left = 0;
  #repeat = false;
  #chunked = false;
  #chunks: ChunkedBody | undefined;

  constructor(listener: PartListener) {
    this.#listener = listener;
  }

  /** Takes the next bytes, from the answer's header on. */
  read(bytes: Buffer): void {
    if (this.#chunks === undefined) this.#readParts(bytes);
    else this.#chunks.read(bytes);
  }

  #readParts(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#left > 0) at += this.#readPicture(bytes, at);
      else at += this.#readHeader(bytes, at);
      if (this.#chunks !== undefined || !this.#chunked) continue;
      this.#chunks = new ChunkedBody((content) => this.#readParts(content));
      this.#chunks.read(bytes.subarray(at));
      return;
    }
  }

  #readPicture(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.byteLength - at);
    const missing = STAMPED_HEAD_BYTES - this.#head.byteLength;
    if (missing > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(at, at + Math.min(taken, missing))]);
    this.#left -= taken;
    if (this.#left > 0) return taken;
    const sentUs = readStamp(this.#head);
    this.#head = Buffer.alloc(0);
    const ageMs = sentUs === undefined ? undefined : monotonicMs() - sentUs / 1000;
    this.#listener({ ageMs, bytes: this.#bytes, repeat: this.#repeat });
    return taken;
  }

  #readHeader(chunk: Buffer, at: number): number {
    const before = this.#header.length;
    this.#header += chunk.toString("latin1", at, Math.min(chunk.byteLength, at + MAX_HEADER_BYTES));
    const end = this.#header.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#header = this.#header.slice(-MAX_HEADER_BYTES);
      return Math.min(chunk.byteLength - at, MAX_HEADER_BYTES);
    }
    const text = this.#header.slice(0, end);
    this.#header = "";
    this.#bytes = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    this.#left = this.#bytes;
    if (/^transfer-encoding: *chunked/im.test(text)) this.#chunked = true;
    this.#repeat = /^X-(Age|State):/im.test(text);
    return Math.max(0, end + 4 - before);
  }
}
