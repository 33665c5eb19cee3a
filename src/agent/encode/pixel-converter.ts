import {
  AV_PIX_FMT_BGR0,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ444P,
  type AVPixelFormat,
  type Frame,
  SoftwareScaleContext,
  SWS_AREA,
  SWS_FULL_CHR_H_INP,
  type SwsFlags,
} from "node-av";
import { alignOutwards, area, type Closable, type Rect } from "../../base/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import { checkLibav } from "./libav.ts";
import { isScaled, type Size } from "./picture-size.ts";

/** Contexts kept for rectangle sizes that come again; one takes about 0.2 ms to make. */
const MAX_CONTEXTS = 24;
/**
 * Damage is converted in whole macroblocks, which makes sizes repeat. swscale reads and writes past the end of rows that
 * are narrower than this; the captured memory may end there, and the frame's next row may begin there. Of a part two rows
 * high it takes the first row's chroma alone, where the whole picture has the mean of both.
 */
const STEP = 16;
/** Above this share of the picture one conversion of it all is quicker than many of its parts. */
const WHOLE_SHARE = 0.7;
const PIXEL_BYTES = 4;

/** How far the chroma planes lie apart from the luma plane: shifts of the row, and of the byte in the row. */
const CHROMA_SHIFTS: ReadonlyMap<AVPixelFormat, { readonly row: number; readonly byte: number }> = new Map([
  [AV_PIX_FMT_YUV420P, { row: 1, byte: 1 }],
  [AV_PIX_FMT_YUVJ420P, { row: 1, byte: 1 }],
  [AV_PIX_FMT_NV12, { row: 1, byte: 0 }],
  [AV_PIX_FMT_YUVJ444P, { row: 0, byte: 0 }],
]);

/** Where a conversion reads and what it writes, in pixels of the picture. */
type Part = {
  readonly pixels: Uint8Array;
  readonly offset: number;
  readonly strideBytes: number;
  readonly target: Rect;
};

/** The planes of the frame being written. */
type Planes = { readonly data: readonly Buffer[]; readonly strides: number[] };

/**
 * Converts captured pixels (B G R X) into the planes of an encoder's frame, in place: swscale reads the captured memory
 * and writes the frame's, and nothing is copied in JavaScript. An unscaled picture is updated only where it was damaged.
 *
 * The area filter averages exactly the 2x2 pixels of each chroma sample, so a part converted alone gives the same bytes
 * as the whole. swscale's matrix is BT.601; node-av offers no way to choose another one.
 */
export class PixelConverter implements Closable {
  readonly #source: Size;
  readonly #picture: Size;
  readonly #format: AVPixelFormat;
  readonly #chroma: { readonly row: number; readonly byte: number };
  readonly #scaled: boolean;
  /** The part of an unscaled source that swscale may read in pairs of pixels. */
  readonly #inner: Rect;
  readonly #contexts = new Map<string, SoftwareScaleContext>();
  #strip: Buffer | undefined;

  /** Throws RangeError for a format that it cannot write. */
  constructor(source: Size, picture: Size, format: AVPixelFormat) {
    this.#source = source;
    this.#picture = picture;
    this.#format = format;
    const chroma = CHROMA_SHIFTS.get(format);
    if (chroma === undefined) throw new RangeError(`Pixels of the format ${format} cannot be written.`);
    this.#chroma = chroma;
    this.#scaled = isScaled(source, picture);
    this.#inner = { x: 0, y: 0, width: source.width & ~1, height: source.height & ~1 };
  }

  /** Contexts that are kept now, at most 24. */
  get contextCount(): number {
    return this.#contexts.size;
  }

  /** Brings the frame up to date where `rects` (in source pixels) changed; whole when `rects` is undefined. */
  convert(buffer: PixelBuffer, rects: readonly Rect[] | undefined, frame: Frame): void {
    const data = frame.data;
    if (data === null) throw new TypeError("The frame has no planes to write to.");
    const planes = { data, strides: frame.linesize };
    const { pixels, strideBytes } = buffer;
    const hasOddEdge = this.#inner.width !== this.#source.width || this.#inner.height !== this.#source.height;
    const padded = this.#picture.width !== this.#source.width || this.#picture.height !== this.#source.height;
    if (this.#scaled || (hasOddEdge && !padded)) {
      const target = { x: 0, y: 0, ...this.#picture };
      this.#convertPart({ pixels, offset: 0, strideBytes, target }, planes, this.#source);
      return;
    }
    const parts = this.#damage(rects);
    for (const target of parts) {
      const offset = target.y * strideBytes + target.x * PIXEL_BYTES;
      this.#convertPart({ pixels, offset, strideBytes, target }, planes, target);
    }
    if (hasOddEdge) this.#convertEdges(buffer, rects ?? [], parts, planes);
  }

  close(): void {
    for (const context of this.#contexts.values()) context.freeContext();
    this.#contexts.clear();
  }

  #damage(rects: readonly Rect[] | undefined): readonly Rect[] {
    const inner = this.#inner;
    if (rects === undefined) return [inner];
    const parts: Rect[] = [];
    let pixels = 0;
    for (const rect of rects) {
      const aligned = alignOutwards(rect, STEP, inner);
      if (aligned === undefined) continue;
      const x = Math.min(aligned.x, inner.width - STEP);
      const y = Math.min(aligned.y, inner.height - STEP);
      const part = { x, y, width: Math.max(aligned.width, STEP), height: Math.max(aligned.height, STEP) };
      parts.push(part);
      pixels += area(part);
    }
    return pixels > area(inner) * WHOLE_SHARE ? [inner] : parts;
  }

  /**
   * An odd last column or row is doubled into the padded, even picture. It goes through a strip of its own, because
   * swscale reads pixels in pairs and would read past the end of the captured memory. The column's strip is a macroblock
   * wide, because swscale also writes that much.
   */
  #convertEdges(buffer: PixelBuffer, rects: readonly Rect[], parts: readonly Rect[], planes: Planes): void {
    const { width, height } = this.#source;
    const inner = this.#inner;
    // A part that ends next to the last column has spilled into it, so it counts like a change of that column.
    const right = parts.some((part) => part.x + part.width === inner.width);
    if (width % 2 === 1 && (right || rects.some((rect) => rect.x + rect.width === width))) {
      this.#convertStrip(buffer, { x: width + 1 - STEP, y: 0, width: STEP, height: this.#picture.height }, planes);
    }
    const bottom = parts.some((part) => part.y + part.height === inner.height);
    if (height % 2 === 1 && (bottom || rects.some((rect) => rect.y + rect.height === height))) {
      this.#convertStrip(buffer, { x: 0, y: height - 1, width: this.#picture.width, height: 2 }, planes);
    }
  }

  #convertStrip(buffer: PixelBuffer, target: Rect, planes: Planes): void {
    const strideBytes = target.width * PIXEL_BYTES;
    const columns = Math.min(target.width, this.#source.width - target.x);
    this.#strip ??= Buffer.alloc(STEP * PIXEL_BYTES * Math.max(this.#picture.width, this.#picture.height));
    const strip = this.#strip;
    for (let row = 0; row < target.height; row += 1) {
      const y = Math.min(target.y + row, this.#source.height - 1);
      const from = y * buffer.strideBytes + target.x * PIXEL_BYTES;
      const to = row * strideBytes;
      strip.set(buffer.pixels.subarray(from, from + columns * PIXEL_BYTES), to);
      const end = to + columns * PIXEL_BYTES;
      if (columns < target.width) strip.copyWithin(end, end - PIXEL_BYTES, end);
    }
    this.#convertPart({ pixels: strip, offset: 0, strideBytes, target }, planes, target);
  }

  #convertPart(part: Part, { data, strides }: Planes, from: Size): void {
    const { x, y, width, height } = part.target;
    const context = this.#context(from, { width, height });
    const destination = data.map((plane, index) => {
      const stride = strides[index] as number;
      if (index === 0) return plane.subarray(y * stride + x);
      return plane.subarray((y >> this.#chroma.row) * stride + (x >> this.#chroma.byte));
    });
    const source = Buffer.from(
      part.pixels.buffer,
      part.pixels.byteOffset + part.offset,
      part.pixels.byteLength - part.offset,
    );
    checkLibav(context.scaleSync([source], [part.strideBytes], 0, from.height, destination, strides), "Converting");
  }

  #context(from: Size, to: Size): SoftwareScaleContext {
    const key = `${from.width}x${from.height}`;
    const known = this.#contexts.get(key);
    if (known !== undefined) {
      this.#contexts.delete(key);
      this.#contexts.set(key, known);
      return known;
    }
    for (const [oldest, context] of this.#contexts) {
      if (this.#contexts.size < MAX_CONTEXTS) break;
      context.freeContext();
      this.#contexts.delete(oldest);
    }
    const context = new SoftwareScaleContext();
    const flags = from.width % 2 === 1 ? ((SWS_AREA | SWS_FULL_CHR_H_INP) as SwsFlags) : SWS_AREA;
    context.getContext(from.width, from.height, AV_PIX_FMT_BGR0, to.width, to.height, this.#format, flags);
    this.#contexts.set(key, context);
    return context;
  }
}
