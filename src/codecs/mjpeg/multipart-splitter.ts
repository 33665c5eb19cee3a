import { jpegSize } from "./jpeg-size.ts";
import { type JpegPicture, JpegWalker } from "./jpeg-walker.ts";
import { MAX_JPEG_BYTES, MAX_PART_HEADER_BYTES } from "./limits.ts";
import { Marker } from "./markers.ts";
import { isDelimiter } from "./multipart-boundary.ts";
import { OpeningFinder } from "./opening-finder.ts";
import { PictureStore } from "./picture-store.ts";

export type MultipartSplitterOptions = {
  /** Of `multipartBoundary`; an empty string where it is not known. */
  readonly boundary: string;
  /** Called during `push` with each whole picture. */
  readonly onPicture: (picture: JpegPicture) => void;
  /** A larger picture is given up; {@link MAX_JPEG_BYTES} by default. It bounds the memory that the splitter holds. */
  readonly maxPictureBytes?: number;
};

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const HEADER_LINE = /^[\w!#$%&'*+.^`|~-]+[ \t]*:/;

/**
 * Takes the JPEGs out of a multipart/x-mixed-replace stream. A part's Content-Length is believed where the bytes it covers
 * are a JPEG; otherwise, and where there is none, the picture's own markers decide. So a picture is delivered with its last
 * byte, and a wrong length or a damaged delimiter costs no picture that is whole.
 */
export class MultipartSplitter {
  readonly #options: MultipartSplitterOptions;
  readonly #maxBytes: number;
  readonly #walker: JpegWalker;
  readonly #finder = new OpeningFinder();
  readonly #body = new PictureStore();
  #mode: "text" | "body" | "picture" = "text";
  #line: number[] = [];
  #headerBytes = 0;
  #contentLength = 0;
  /** Where at least this many pieces wait, the current one is of a body whose length was wrong: no length in it counts. */
  #distrustFrom = Number.POSITIVE_INFINITY;
  #waiting: Uint8Array[] = [];
  #pictures = 0;
  #discardedPictures = 0;
  #discardedBytes = 0;

  constructor(options: MultipartSplitterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxPictureBytes ?? MAX_JPEG_BYTES;
    this.#walker = new JpegWalker(this.#maxBytes);
  }

  get pictures(): number {
    return this.#pictures;
  }

  /** Pictures that began and were damaged, cut off or too large. */
  get discardedPictures(): number {
    return this.#discardedPictures;
  }

  /** Bytes that belong to no delivered picture and are no delimiter, header or empty line either. */
  get discardedBytes(): number {
    return this.#discardedBytes;
  }

  /** Bytes of the part that is being received. */
  get heldBytes(): number {
    if (this.#mode === "text") return this.#line.length;
    return this.#mode === "body" ? this.#body.length : this.#walker.length;
  }

  /** Takes the stream's next bytes, which must not be changed any more afterwards. */
  push(chunk: Uint8Array): void {
    this.#waiting = [chunk];
    for (let bytes = this.#waiting.pop(); bytes !== undefined; bytes = this.#waiting.pop()) {
      if (this.#waiting.length < this.#distrustFrom) this.#distrustFrom = Number.POSITIVE_INFINITY;
      let at = 0;
      while (at >= 0 && at < bytes.length) {
        if (this.#mode === "text") at = this.#readText(bytes, at);
        else if (this.#mode === "body") at = this.#readBody(bytes, at);
        else at = this.#readPicture(bytes, at);
      }
    }
  }

  /** Delimiters, headers and whatever stands between pictures, until a body or an opening begins. */
  #readText(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const value = bytes[at] as number;
      this.#line.push(value);
      if (this.#finder.step(value)) {
        this.#beginPicture();
        return at + 1;
      }
      if (value === NEWLINE) this.#endLine();
      else if (this.#line.length >= MAX_PART_HEADER_BYTES) this.#discardLine();
      if (this.#mode !== "text") return at + 1;
    }
    return bytes.length;
  }

  #beginPicture(): void {
    // The opening's three bytes end the line.
    this.#discardedBytes += this.#line.length - 3;
    this.#resetPart();
    this.#walker.begin();
    this.#mode = "picture";
  }

  #endLine(): void {
    const end = this.#line.at(-2) === RETURN ? -2 : -1;
    const line = String.fromCharCode(...this.#line.slice(0, end));
    if (line === "") {
      const length = this.#contentLength;
      this.#resetPart();
      if (length === 0 || this.#distrustFrom !== Number.POSITIVE_INFINITY) return;
      this.#contentLength = length;
      this.#mode = "body";
      return;
    }
    if (isDelimiter(line, this.#options.boundary)) {
      this.#resetPart();
      return;
    }
    this.#headerBytes += this.#line.length;
    if (!HEADER_LINE.test(line) || this.#headerBytes > MAX_PART_HEADER_BYTES) {
      this.#discardLine();
      return;
    }
    this.#line = [];
    const length = /^content-length[ \t]*:[ \t]*(\d{1,10})[ \t]*$/i.exec(line)?.[1];
    if (length !== undefined && Number(length) <= this.#maxBytes) this.#contentLength = Number(length);
  }

  #discardLine(): void {
    this.#discardedBytes += this.#line.length;
    this.#resetPart();
  }

  #resetPart(): void {
    this.#line = [];
    this.#headerBytes = 0;
    this.#contentLength = 0;
  }

  #readBody(bytes: Uint8Array, from: number): number {
    if (this.#body.length === 0 && bytes[from] !== 0xff) {
      this.#mode = "text";
      this.#resetPart();
      return from;
    }
    const end = Math.min(bytes.length, from + this.#contentLength - this.#body.length);
    this.#body.append(bytes.subarray(from, end));
    if (this.#body.length < this.#contentLength) return end;
    this.#mode = "text";
    this.#resetPart();
    const data = this.#body.endsWith(0xff, Marker.endOfImage) ? this.#body.copy() : undefined;
    const size = data && jpegSize(data);
    if (data && size) {
      this.#body.clear();
      this.#deliver({ data, ...size });
      return end;
    }
    this.#waiting.push(bytes.subarray(end));
    this.#distrustFrom = this.#waiting.length;
    for (const piece of this.#body.cut(0).reverse()) this.#waiting.push(piece);
    return -1;
  }

  #readPicture(bytes: Uint8Array, from: number): number {
    const at = this.#walker.walk(bytes, from);
    const state = this.#walker.state;
    if (state === "more") return at;
    this.#mode = "text";
    if (state === "picture") {
      this.#deliver(this.#walker.takePicture());
      return at;
    }
    this.#discardedPictures += 1;
    this.#discardedBytes += this.#walker.lostBytes;
    this.#waiting.push(bytes.subarray(at), ...this.#walker.takeAgain().reverse());
    return -1;
  }

  #deliver(picture: JpegPicture): void {
    this.#pictures += 1;
    this.#options.onPicture(picture);
  }
}
