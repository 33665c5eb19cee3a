import type { Rect } from "../../base/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { PictureEncoder } from "../encode/encoder.ts";
import type { PictureSink, Plane } from "./plane.ts";

/** Video (or JPEG) alone: for pictures that are smaller than their source, where exact tiles make no sense. */
export class PlainPlane implements Plane {
  readonly width: number;
  readonly height: number;
  readonly #encoder: PictureEncoder;

  /** Borrows the encoder, whose owner closes it. The picture keeps its size when the encoder gets another one. */
  constructor(encoder: PictureEncoder, size: { readonly width: number; readonly height: number }) {
    this.#encoder = encoder;
    this.width = size.width;
    this.height = size.height;
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
      rects:
        this.#encoder.width === this.width ? encoded.rects : [{ x: 0, y: 0, width: this.width, height: this.height }],
      payload: encoded.data,
      convertUs: encoded.convertUs,
      encodeUs: encoded.encodeUs,
    });
  }

  setBudget(): void {}

  refineUs(): number {
    return Number.POSITIVE_INFINITY;
  }

  refine(): void {}

  close(): void {}
}
