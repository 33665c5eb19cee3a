import { describeError, Emitter, type Rect } from "../../base/index.ts";
import type { Picture } from "../../protocol/index.ts";
import type { DecodedImage, PictureDecoder } from "./decoder.ts";

type Job = { readonly picture: Picture; readonly rects: readonly Rect[]; readonly receivedUs: number };

/**
 * JPEG pictures, one at a time: `ImageDecoder` where it exists (secure contexts), `createImageBitmap` elsewhere. While
 * one is decoded only the newest waits, with the damage of those that it replaced.
 */
export class JpegDecoder implements PictureDecoder {
  readonly #nowUs: () => number;
  readonly #accepted = new Emitter<Picture>();
  readonly #picture = new Emitter<DecodedImage>();
  readonly #broken = new Emitter<string>();
  #next: Job | undefined;
  #busy = false;
  #closed = false;

  readonly onAccepted = this.#accepted.event;
  readonly onPicture = this.#picture.event;
  readonly onBroken = this.#broken.event;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  get inFlight(): number {
    return (this.#busy ? 1 : 0) + (this.#next === undefined ? 0 : 1);
  }

  decode(picture: Picture, receivedUs: number): void {
    if (this.#closed) return;
    const rects = picture.keyframe ? picture.rects : [...(this.#next?.rects ?? []), ...picture.rects];
    this.#next = { picture, rects, receivedUs };
    if (!this.#busy) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#next = undefined;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#next !== undefined) {
      const job = this.#next;
      this.#next = undefined;
      await this.#decodeOne(job);
    }
    this.#busy = false;
  }

  async #decodeOne({ picture, rects, receivedUs }: Job): Promise<void> {
    const startedUs = this.#nowUs();
    this.#accepted.emit(picture);
    try {
      const image = await decodeJpeg(picture.payload as Uint8Array<ArrayBuffer>);
      if (this.#closed) {
        image.close();
        return;
      }
      const decodeUs = this.#nowUs() - startedUs;
      this.#picture.emit({ kind: "image", image, picture, rects, receivedUs, decodeUs });
    } catch (error) {
      if (!this.#closed) this.#broken.emit(describeError(error));
    }
  }
}

async function decodeJpeg(data: Uint8Array<ArrayBuffer>): Promise<VideoFrame | ImageBitmap> {
  if (typeof ImageDecoder === "undefined") return createImageBitmap(new Blob([data], { type: "image/jpeg" }));
  const decoder = new ImageDecoder({ data, type: "image/jpeg" });
  try {
    const { image } = await decoder.decode();
    return image;
  } finally {
    decoder.close();
  }
}
