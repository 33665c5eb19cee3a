import type { Rect } from "../../../base/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";

const BYTES_PER_PIXEL = 4;

/**
 * The picture as the viewers of a rung were last told it is. Comparing with it finds what really changed inside reported
 * damage (programs repaint much that stays the same) and what merely moved. The unused fourth byte of a pixel counts as
 * equal only when it is equal: servers keep it constant.
 */
export class Shadow {
  readonly width: number;
  readonly height: number;
  readonly #bytes: Buffer;
  readonly #words: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const memory = new ArrayBuffer(width * height * BYTES_PER_PIXEL);
    this.#bytes = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
  }

  /** Pixels 0x??RRGGBB, rows packed. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Takes over the rectangle of the source. */
  update(source: PixelBuffer, rect: Rect): void {
    const bytes = rect.width * BYTES_PER_PIXEL;
    const whole = rect.x === 0 && rect.width === this.width && source.strideBytes === bytes;
    if (whole) {
      const start = rect.y * bytes;
      this.#bytes.set(source.pixels.subarray(start, start + rect.height * bytes), start);
      return;
    }
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      const from = y * source.strideBytes + rect.x * BYTES_PER_PIXEL;
      this.#bytes.set(source.pixels.subarray(from, from + bytes), (y * this.width + rect.x) * BYTES_PER_PIXEL);
    }
  }

  /** Moves a rectangle of the shadow itself, as a copy tile does at the viewer. */
  move(from: Rect, to: Rect): void {
    const bytes = from.width * BYTES_PER_PIXEL;
    const down = to.y > from.y;
    for (let step = 0; step < from.height; step += 1) {
      const row = down ? from.height - 1 - step : step;
      const start = ((from.y + row) * this.width + from.x) * BYTES_PER_PIXEL;
      this.#bytes.copyWithin(((to.y + row) * this.width + to.x) * BYTES_PER_PIXEL, start, start + bytes);
    }
  }

  /** Whether `width` pixels of the source from (x, y) equal those of the shadow from (shadowX, shadowY). */
  rowEquals(source: PixelBuffer, x: number, y: number, width: number, shadowX: number, shadowY: number): boolean {
    const from = y * source.strideBytes + x * BYTES_PER_PIXEL;
    const at = (shadowY * this.width + shadowX) * BYTES_PER_PIXEL;
    const bytes = width * BYTES_PER_PIXEL;
    return this.#bytes.compare(source.pixels, from, from + bytes, at, at + bytes) === 0;
  }

  /**
   * Cuts what did not change off the rectangle's top, bottom, left and right, and where a band of at least `minGapRows`
   * rows inside did not change, cuts it in two. Returns nothing when nothing changed at all.
   */
  changedParts(source: PixelBuffer, rect: Rect, minGapRows: number): Rect[] {
    const parts: Rect[] = [];
    let top = -1;
    let last = -1;
    const flush = (): void => {
      if (top >= 0) parts.push(this.#trimSides(source, { ...rect, y: top, height: last - top + 1 }));
      top = -1;
    };
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      if (this.rowEquals(source, rect.x, y, rect.width, rect.x, y)) continue;
      if (top >= 0 && y - last > minGapRows) flush();
      if (top < 0) top = y;
      last = y;
    }
    flush();
    return parts;
  }

  #trimSides(source: PixelBuffer, rect: Rect): Rect {
    const words = new Uint32Array(source.pixels.buffer, source.pixels.byteOffset, source.pixels.byteLength >> 2);
    const stride = source.strideBytes / BYTES_PER_PIXEL;
    let left = rect.width;
    let right = 0;
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      const from = y * stride + rect.x;
      const at = y * this.width + rect.x;
      // Most rows have the margins of those above them, and comparing memory is many times faster than this loop.
      if (left > 0 && !this.rowEquals(source, rect.x, y, left, rect.x, y)) {
        left = 0;
        while (words[from + left] === this.#words[at + left]) left += 1;
      }
      const margin = rect.width - right;
      if (margin > 0 && !this.rowEquals(source, rect.x + right, y, margin, rect.x + right, y)) {
        right = rect.width;
        while (words[from + right - 1] === this.#words[at + right - 1]) right -= 1;
      }
    }
    return { x: rect.x + left, y: rect.y, width: right - left, height: rect.height };
  }
}
