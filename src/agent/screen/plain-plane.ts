import type { Rect } from "../../base/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { PictureEncoder } from "../encode/encoder.ts";
import type { PictureSink, Plane } from "./plane.ts";

/** Video (or JPEG) alone: for pictures that are smaller than their source, where exact tiles make no sense. */
export class PlainPlane implements Plane {
  readonly #encoder: PictureEncoder;

  /** Borrows the encoder; its owner closes it. */
  constructor(encoder: PictureEncoder) {
    this.#encoder = encoder;
  }

  get width(): number {
    return this.#encoder.width;
  }

  get height(): number {
    return this.#encoder.height;
  }

  encode(
    buffer: PixelBuffer,
    rects: readonly Rect[],
    options: { keyframe: boolean; nowUs: number },
    sink: PictureSink,
  ): void {
    const encoded = this.#encoder.encode(buffer, rects, { keyframe: options.keyframe, timestampUs: options.nowUs });
    sink({
      kind: this.#encoder.codec === "jpeg" ? "jpeg" : "video",
      keyframe: encoded.keyframe,
      intra: encoded.keyframe,
      rects: encoded.rects,
      payload: encoded.data,
      convertUs: encoded.convertUs,
      encodeUs: encoded.encodeUs,
    });
  }

  refineUs(): number {
    return Number.POSITIVE_INFINITY;
  }

  refine(): void {}

  close(): void {}
}
