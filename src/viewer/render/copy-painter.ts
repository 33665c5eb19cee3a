import type { Rect } from "../../base/index.ts";
import { drawRects, isScaled } from "./draw-rects.ts";
import { KeptPicture } from "./kept-picture.ts";
import type { Painter, PictureSize } from "./painter.ts";
import { type YuvMatrix, type YuvTables, yuvTables } from "./yuv.ts";
import { openYuvConverter, type PlanePlaces } from "./yuv-converter.ts";

const BYTES_PER_PIXEL = 4;

/** How many pixels share a chroma sample, and whether U and V alternate. */
type Chroma = { readonly across: 1 | 2; readonly down: 1 | 2; readonly interleaved: boolean };

/** Formats whose colours are converted here. Video is 4:2:0; cameras' JPEGs are often 4:2:2. */
const CHROMA: Readonly<Record<string, Chroma>> = {
  I420: { across: 2, down: 2, interleaved: false },
  NV12: { across: 2, down: 2, interleaved: true },
  I422: { across: 2, down: 1, interleaved: false },
  I444: { across: 1, down: 1, interleaved: false },
};

/** Where one rectangle's bytes lie among the copies. */
type Area = { readonly rect: Rect; readonly source: Rect; readonly offset: number };

/** R G B A of `source`, of which `rect` is to be shown. */
type ConvertedArea = Area & { readonly pixels: Uint8ClampedArray<ArrayBuffer> };

/**
 * Copies the changed pixels out of the frame and puts them on a software 2D canvas. Colours are converted here, because
 * without a GPU Chromium converts a worker's frames only while the page's main thread is free: a busy page would stop
 * the picture. Frames in rarer formats than planar or NV12 YUV and B G R are converted by the browser.
 */
export class CopyPainter implements Painter {
  readonly name = "copy";
  readonly canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #tables = new Map<string, YuvTables>();
  /** The canvas's pixels, while they are known: moving them here and putting them costs a tenth of drawing them. */
  #kept: KeptPicture | undefined;
  /** Video that is smaller than its picture, at its own size. */
  #unscaled: OffscreenCanvasRenderingContext2D | undefined;
  readonly #converter = openYuvConverter();
  #copied = new ArrayBuffer(0);

  constructor(canvas: OffscreenCanvas) {
    this.canvas = canvas;
    this.#context = openContext(canvas);
  }

  async paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], window: Rect, size: PictureSize): Promise<void> {
    if (!("copyTo" in image)) throw new Error("Only video frames can be copied.");
    if (!isScaled(image, window)) {
      const inside = rects.map((rect) => movedBy(rect, -window.x, -window.y));
      const areas = await this.#convertAreas(image, inside, size);
      if (this.canvas.width !== size.width || this.canvas.height !== size.height) this.resize(size);
      for (const { rect, source, pixels } of areas) {
        this.#putPart(movedBy(rect, window.x, window.y), movedBy(source, window.x, window.y), pixels);
      }
      return;
    }
    this.#kept = undefined;
    // Drawing a canvas scales it without the main thread, drawing the frame itself would not.
    const own = { width: image.displayWidth, height: image.displayHeight };
    this.#unscaled ??= openContext(new OffscreenCanvas(own.width, own.height));
    const [whole] = await this.#convertAreas(image, [{ x: 0, y: 0, ...own }], own);
    resizeCanvas(this.#unscaled.canvas, own);
    if (whole !== undefined) this.#unscaled.putImageData(imageOf(whole.pixels, whole.source), 0, 0);
    resizeCanvas(this.canvas, size);
    drawRects(this.#context, this.#unscaled.canvas, rects, window);
  }

  resize(size: PictureSize): void {
    resizeCanvas(this.canvas, size);
    this.#kept = new KeptPicture(size);
  }

  put(rect: Rect, pixels: Uint8ClampedArray<ArrayBuffer>): void {
    this.#putPart(rect, rect, pixels);
  }

  move(from: Rect, to: Rect): void {
    this.#kept ??= this.#readBack();
    this.#kept.move(from, to);
    this.#context.putImageData(this.#kept.image, 0, 0, to.x, to.y, from.width, from.height);
  }

  finish(): void {
    this.#context.getImageData(0, 0, 1, 1);
  }

  adopt(canvas: OffscreenCanvas): void {
    resizeCanvas(this.canvas, canvas);
    this.#context.drawImage(canvas, 0, 0);
    this.#kept = this.#readBack();
  }

  readPixels(rect: Rect): Uint8ClampedArray<ArrayBuffer> {
    return this.#context.getImageData(rect.x, rect.y, rect.width, rect.height).data as Uint8ClampedArray<ArrayBuffer>;
  }

  close(): void {
    this.#copied = new ArrayBuffer(0);
    this.#unscaled = undefined;
    this.#kept = undefined;
  }

  /** Scaled video is drawn by the browser; the first move after it costs this, and no other does. */
  #readBack(): KeptPicture {
    const { width, height } = this.canvas;
    return new KeptPicture({ width, height }, this.#context.getImageData(0, 0, width, height));
  }

  /** Puts `rect` out of the pixels of the larger or equal rectangle `source`. */
  #putPart(rect: Rect, source: Rect, pixels: Uint8ClampedArray<ArrayBuffer>): void {
    const whole = rect.width === this.canvas.width && rect.height === this.canvas.height;
    if (whole) this.#kept ??= new KeptPicture(rect);
    this.#kept?.put(rect, source, pixels);
    const [fromX, fromY] = [rect.x - source.x, rect.y - source.y];
    this.#context.putImageData(imageOf(pixels, source), source.x, source.y, fromX, fromY, rect.width, rect.height);
  }

  /** The pixels of rectangles of a frame, each of a `source` with even edges around it, as a picture of that size. */
  #convertAreas(frame: VideoFrame, rects: readonly Rect[], size: PictureSize): Promise<ConvertedArea[]> {
    const chroma = CHROMA[frame.format ?? ""];
    return chroma === undefined ? this.#copyRgba(frame, rects) : this.#convertYuv(frame, rects, chroma, size);
  }

  async #convertYuv(
    frame: VideoFrame,
    rects: readonly Rect[],
    chroma: Chroma,
    size: PictureSize,
  ): Promise<ConvertedArea[]> {
    const { areas, bytes } = placesOf(frame, rects, (source) => yuvBytes(source, chroma));
    const converter = this.#converter;
    converter.reserve(
      bytes,
      areas.reduce((sum, { source }) => sum + source.width * source.height, 0),
    );
    await Promise.all(
      areas.map(({ source, offset }) => {
        const target = converter.input.subarray(offset, offset + yuvBytes(source, chroma));
        return frame.copyTo(target, { rect: codedRect(source, frame), layout: planeLayout(source, chroma) });
      }),
    );
    const tables = this.#tablesFor(frame.colorSpace, size);
    let start = 0;
    return areas.map((area) => {
      const { width, height } = area.source;
      converter.convert(planesOf(area, chroma), width, height, tables, start);
      const { buffer, byteOffset } = converter.output;
      const at = byteOffset + start * BYTES_PER_PIXEL;
      start += width * height;
      return { ...area, pixels: new Uint8ClampedArray(buffer, at, width * height * BYTES_PER_PIXEL) };
    });
  }

  /** Of formats that are B G R, or that the browser converts. */
  async #copyRgba(frame: VideoFrame, rects: readonly Rect[]): Promise<ConvertedArea[]> {
    const { areas, bytes } = placesOf(frame, rects, rgbaBytes);
    if (this.#copied.byteLength < bytes) this.#copied = new ArrayBuffer(bytes);
    const swaps = frame.format === "BGRX" || frame.format === "BGRA";
    return Promise.all(
      areas.map(async (area) => {
        const { source, offset } = area;
        const target = new Uint8Array(this.#copied, offset, rgbaBytes(source));
        const layout = [{ offset: 0, stride: source.width * BYTES_PER_PIXEL }];
        const rect = codedRect(source, frame);
        await frame.copyTo(target, swaps ? { rect, layout } : { rect, layout, format: "RGBA" });
        if (swaps) swapRedAndBlue(target);
        return { ...area, pixels: new Uint8ClampedArray(this.#copied, offset, rgbaBytes(source)) };
      }),
    );
  }

  #tablesFor({ matrix, fullRange }: VideoColorSpace, size: PictureSize): YuvTables {
    const name = matrixName(matrix, size);
    const key = `${name} ${fullRange}`;
    let tables = this.#tables.get(key);
    if (tables === undefined) {
      tables = yuvTables(name, fullRange ?? false);
      this.#tables.set(key, tables);
    }
    return tables;
  }
}

/** Rectangles one behind the other, and how many bytes they take together. */
function placesOf(
  frame: VideoFrame,
  rects: readonly Rect[],
  bytesOf: (source: Rect) => number,
): { readonly areas: readonly Area[]; readonly bytes: number } {
  let bytes = 0;
  const areas = rects.map((rect) => {
    const area = { rect, source: evenRect(rect, frame), offset: bytes };
    bytes += bytesOf(area.source);
    return area;
  });
  return { areas, bytes };
}

/** The rectangle counts from the coded picture's corner, the visible one may start elsewhere. */
function codedRect({ x, y, width, height }: Rect, { visibleRect }: VideoFrame): Rect {
  return { x: x + (visibleRect?.x ?? 0), y: y + (visibleRect?.y ?? 0), width, height };
}

/** B G R X, as JPEGs are decoded, to R G B A. Asking the browser for that would wait for the page's main thread. */
function swapRedAndBlue(bytes: Uint8Array<ArrayBuffer>): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as number;
    words[at] = 0xff000000 | (word & 0xff00) | ((word & 0xff) << 16) | ((word >> 16) & 0xff);
  }
}

function movedBy(rect: Rect, x: number, y: number): Rect {
  return { ...rect, x: rect.x + x, y: rect.y + y };
}

function imageOf(pixels: Uint8ClampedArray<ArrayBuffer>, { width, height }: PictureSize): ImageData {
  return new ImageData(pixels, width, height);
}

function openContext(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false, desynchronized: true, willReadFrequently: true });
  if (context === null) throw new Error("This browser gives no 2D canvas in a worker.");
  return context;
}

/** Gives the canvas the picture's size. Setting a size empties a canvas, so it is left alone when it fits. */
export function resizeCanvas(canvas: OffscreenCanvas, size: PictureSize): void {
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
}

/** Video that does not name its matrix is BT.709 from 720 lines on and BT.601 below, as browsers guess. */
function matrixName(matrix: string | null, { height }: PictureSize): YuvMatrix {
  if (matrix === "bt709") return "bt709";
  if (matrix === "bt2020-ncl") return "bt2020";
  if (matrix === "smpte170m" || matrix === "bt470bg") return "bt601";
  return height >= 720 ? "bt709" : "bt601";
}

function rgbaBytes({ width, height }: Rect): number {
  return width * height * BYTES_PER_PIXEL;
}

function yuvBytes(source: Rect, chroma: Chroma): number {
  return source.width * source.height + 2 * chromaBytes(source, chroma);
}

function chromaBytes({ width, height }: Rect, { across, down }: Chroma): number {
  return (across === 2 ? half(width) : width) * (down === 2 ? half(height) : height);
}

function half(size: number): number {
  return (size + 1) >> 1;
}

function planeLayout(source: Rect, chroma: Chroma): PlaneLayout[] {
  const { width, height } = source;
  const luma = { offset: 0, stride: width };
  const stride = chroma.across === 2 ? half(width) : width;
  if (chroma.interleaved) return [luma, { offset: width * height, stride: stride * 2 }];
  return [luma, { offset: width * height, stride }, { offset: width * height + chromaBytes(source, chroma), stride }];
}

/** Of chroma with more samples than one for 2x2 pixels the upper left one is taken. */
function planesOf({ source, offset }: Area, chroma: Chroma): PlanePlaces {
  const { width, height } = source;
  const uOffset = width * height;
  const samples = chroma.across === 2 ? half(width) : width;
  const chromaStep = chroma.interleaved || chroma.across === 1 ? 2 : 1;
  const vOffset = uOffset + (chroma.interleaved ? 1 : chromaBytes(source, chroma));
  const chromaStride = samples * (chroma.interleaved || chroma.down === 1 ? 2 : 1);
  return { start: offset, yStride: width, uOffset, vOffset, chromaStride, chromaStep };
}

/** Chroma is shared by 2x2 pixels, so copies start and end on even pixels (or on the picture's edge). */
function evenRect(rect: Rect, frame: VideoFrame): Rect {
  const maxWidth = frame.visibleRect?.width ?? frame.codedWidth;
  const maxHeight = frame.visibleRect?.height ?? frame.codedHeight;
  const x = rect.x & ~1;
  const y = rect.y & ~1;
  const right = Math.min(maxWidth, (rect.x + rect.width + 1) & ~1);
  const bottom = Math.min(maxHeight, (rect.y + rect.height + 1) & ~1);
  return { x, y, width: right - x, height: bottom - y };
}
