import type { Rect } from "../../base/index.ts";
import type { PictureSize } from "./painter.ts";

const BYTES_PER_PIXEL = 4;

/** A picture in memory (R G B A), kept beside a canvas so that parts of it can be moved without reading that back. */
export class KeptPicture {
  readonly image: ImageData;
  readonly width: number;
  readonly height: number;

  /** Takes over `image`, which must have that size, or begins black and transparent. */
  constructor({ width, height }: PictureSize, image: ImageData = new ImageData(width, height)) {
    this.width = width;
    this.height = height;
    this.image = image;
  }

  /** Takes over `rect` out of the pixels of the larger or equal rectangle `source`. */
  put(rect: Rect, source: Rect, pixels: Uint8ClampedArray): void {
    const { data } = this.image;
    const bytes = rect.width * BYTES_PER_PIXEL;
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      const from = ((y - source.y) * source.width + rect.x - source.x) * BYTES_PER_PIXEL;
      data.set(pixels.subarray(from, from + bytes), (y * this.width + rect.x) * BYTES_PER_PIXEL);
    }
  }

  /** Copies a rectangle to another place; the two may overlap. */
  move(from: Rect, to: Rect): void {
    const { data } = this.image;
    const stride = this.width * BYTES_PER_PIXEL;
    if (from.width === this.width) {
      data.copyWithin(to.y * stride, from.y * stride, (from.y + from.height) * stride);
      return;
    }
    const bytes = from.width * BYTES_PER_PIXEL;
    const down = to.y > from.y;
    for (let step = 0; step < from.height; step += 1) {
      const row = down ? from.height - 1 - step : step;
      const start = (from.y + row) * stride + from.x * BYTES_PER_PIXEL;
      data.copyWithin((to.y + row) * stride + to.x * BYTES_PER_PIXEL, start, start + bytes);
    }
  }
}
