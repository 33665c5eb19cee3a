import { type JpegPicture, JpegWalker } from "./jpeg-walker.ts";
import { MAX_JPEG_BYTES } from "./limits.ts";
import { OpeningFinder } from "./opening-finder.ts";

export type JpegSplitterOptions = {
  /** Called during `push` with each whole picture. */
  readonly onPicture: (picture: JpegPicture) => void;
  /** A larger picture is given up; {@link MAX_JPEG_BYTES} by default. It bounds the memory that the splitter holds. */
  readonly maxPictureBytes?: number;
};

/**
 * Cuts JPEGs that follow each other back to back out of a byte stream. It delivers a picture with its last byte, and
 * after damage goes on with the next opening that it finds, also inside of what a damaged length had swallowed.
 */
export class JpegSplitter {
  readonly #onPicture: (picture: JpegPicture) => void;
  readonly #walker: JpegWalker;
  readonly #finder = new OpeningFinder();
  #inPicture = false;
  #receivedBytes = 0;
  #pictureBytes = 0;
  #pictures = 0;
  #discardedPictures = 0;

  constructor(options: JpegSplitterOptions) {
    this.#onPicture = options.onPicture;
    this.#walker = new JpegWalker(options.maxPictureBytes ?? MAX_JPEG_BYTES);
  }

  get pictures(): number {
    return this.#pictures;
  }

  /** Pictures that began and were damaged, cut off or too large. */
  get discardedPictures(): number {
    return this.#discardedPictures;
  }

  /** Bytes that belong to no delivered picture, nor to the one that is being received. */
  get discardedBytes(): number {
    return this.#receivedBytes - this.#pictureBytes - this.heldBytes;
  }

  /** Bytes of the picture that is being received. */
  get heldBytes(): number {
    return this.#inPicture ? this.#walker.length : this.#finder.seen;
  }

  /** Takes the stream's next bytes, which must not be changed any more afterwards. */
  push(chunk: Uint8Array): void {
    this.#receivedBytes += chunk.length;
    const waiting = [chunk];
    for (let bytes = waiting.pop(); bytes !== undefined; bytes = waiting.pop()) {
      let at = 0;
      while (at >= 0 && at < bytes.length) {
        at = this.#inPicture ? this.#walk(bytes, at, waiting) : this.#seek(bytes, at);
      }
    }
  }

  #seek(bytes: Uint8Array, from: number): number {
    const at = this.#finder.find(bytes, from);
    if (at < 0) return -1;
    this.#walker.begin();
    this.#inPicture = true;
    return at;
  }

  /** Returns -1 where the rest of `bytes` went to `waiting`, behind what has to be looked at again. */
  #walk(bytes: Uint8Array, from: number, waiting: Uint8Array[]): number {
    const at = this.#walker.walk(bytes, from);
    const state = this.#walker.state;
    if (state === "more") return at;
    this.#inPicture = false;
    if (state === "picture") {
      const picture = this.#walker.takePicture();
      this.#pictures += 1;
      this.#pictureBytes += picture.data.length;
      this.#onPicture(picture);
      return at;
    }
    this.#discardedPictures += 1;
    waiting.push(bytes.subarray(at), ...this.#walker.takeAgain().reverse());
    return -1;
  }
}
