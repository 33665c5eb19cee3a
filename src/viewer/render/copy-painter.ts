import type { Rect } from "../../base/index.ts";
import { drawRects, isScaled } from "./draw-rects.ts";
import type { Painter, PictureSize } from "./painter.ts";
import { convertYuv, type YuvMatrix, type YuvPlanes, type YuvTables, yuvTables } from "./yuv.ts";

const BYTES_PER_PIXEL = 4;

/** Where one rectangle's bytes lie in the buffer of copies. */
type Area = { readonly rect: Rect; readonly source: Rect; readonly offset: number };

/**
 * Copies the changed pixels out of the frame and puts them on a software 2D canvas. Colours are converted here, because
 * without a GPU Chromium converts a worker's frames only while the page's main thread is free: a busy page would stop
 * the picture. Frames that are not planar 4:2:0 are converted by the browser.
 */
export class CopyPainter implements Painter {
  readonly name = "copy";
  readonly canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #tables = new Map<string, YuvTables>();
  /** Video that is smaller than its picture, at its own size. */
  #unscaled: OffscreenCanvasRenderingContext2D | undefined;
  #copied = new ArrayBuffer(0);
  #pixels = new Uint32Array(0);

  constructor(canvas: OffscreenCanvas) {
    this.canvas = canvas;
    this.#context = openContext(canvas);
  }

  async paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], size: PictureSize): Promise<void> {
    if (!("copyTo" in image)) throw new Error("Only video frames can be copied.");
    if (!isScaled(image, size)) {
      await this.#copyInto(this.#context, image, rects, size);
      return;
    }
    // Drawing a canvas scales it without the main thread, drawing the frame itself would not.
    const own = { width: image.displayWidth, height: image.displayHeight };
    this.#unscaled ??= openContext(new OffscreenCanvas(own.width, own.height));
    await this.#copyInto(this.#unscaled, image, [{ x: 0, y: 0, ...own }], own);
    resizeCanvas(this.canvas, size);
    drawRects(this.#context, this.#unscaled.canvas, rects, size);
  }

  resize(size: PictureSize): void {
    resizeCanvas(this.canvas, size);
  }

  put(rect: Rect, pixels: Uint8ClampedArray<ArrayBuffer>): void {
    this.#context.putImageData(new ImageData(pixels, rect.width, rect.height), rect.x, rect.y);
  }

  move(from: Rect, to: Rect): void {
    const { x, y, width, height } = from;
    this.#context.drawImage(this.canvas, x, y, width, height, to.x, to.y, width, height);
  }

  finish(): void {
    this.#context.getImageData(0, 0, 1, 1);
  }

  adopt(canvas: OffscreenCanvas): void {
    resizeCanvas(this.canvas, canvas);
    this.#context.drawImage(canvas, 0, 0);
  }

  readPixels(rect: Rect): Uint8ClampedArray<ArrayBuffer> {
    return this.#context.getImageData(rect.x, rect.y, rect.width, rect.height).data as Uint8ClampedArray<ArrayBuffer>;
  }

  close(): void {
    this.#copied = new ArrayBuffer(0);
    this.#pixels = new Uint32Array(0);
    this.#unscaled = undefined;
  }

  /** Copies rectangles of a frame to the same place of a canvas that gets the given size. */
  async #copyInto(
    context: OffscreenCanvasRenderingContext2D,
    frame: VideoFrame,
    rects: readonly Rect[],
    size: PictureSize,
  ): Promise<void> {
    const chromaStep = frame.format === "I420" ? 1 : frame.format === "NV12" ? 2 : undefined;
    const bytesOf = chromaStep === undefined ? rgbaBytes : yuvBytes;
    let offset = 0;
    const areas = rects.map((rect) => {
      const area = { rect, source: evenRect(rect, frame), offset };
      offset += bytesOf(area.source);
      return area;
    });
    if (this.#copied.byteLength < offset) this.#copied = new ArrayBuffer(offset);
    await Promise.all(areas.map((area) => this.#copy(frame, area, chromaStep)));
    resizeCanvas(context.canvas, size);
    const tables = chromaStep === undefined ? undefined : this.#tablesFor(frame.colorSpace, size);
    for (const area of areas) {
      const { rect, source } = area;
      const pixels =
        chromaStep === undefined || tables === undefined
          ? new Uint8ClampedArray(this.#copied, area.offset, rgbaBytes(source))
          : this.#convert(area, chromaStep, tables);
      const data = new ImageData(pixels, source.width, source.height);
      const [fromX, fromY] = [rect.x - source.x, rect.y - source.y];
      context.putImageData(data, source.x, source.y, fromX, fromY, rect.width, rect.height);
    }
  }

  async #copy(frame: VideoFrame, { source, offset }: Area, chromaStep: 1 | 2 | undefined): Promise<void> {
    const { width, height } = source;
    // The rectangle counts from the coded picture's corner, the visible one may start elsewhere.
    const rect = {
      x: source.x + (frame.visibleRect?.x ?? 0),
      y: source.y + (frame.visibleRect?.y ?? 0),
      width,
      height,
    };
    if (chromaStep === undefined) {
      const bytes = new Uint8Array(this.#copied, offset, rgbaBytes(source));
      await frame.copyTo(bytes, { rect, format: "RGBA", layout: [{ offset: 0, stride: width * BYTES_PER_PIXEL }] });
      return;
    }
    const bytes = new Uint8Array(this.#copied, offset, yuvBytes(source));
    await frame.copyTo(bytes, { rect, layout: planeLayout(source, chromaStep) });
  }

  #convert({ source, offset }: Area, chromaStep: 1 | 2, tables: YuvTables): Uint8ClampedArray<ArrayBuffer> {
    const { width, height } = source;
    if (this.#pixels.length < width * height) this.#pixels = new Uint32Array(width * height);
    const bytes = new Uint8Array(this.#copied, offset, yuvBytes(source));
    convertYuv(planesOf(bytes, source, chromaStep), width, height, tables, this.#pixels);
    return new Uint8ClampedArray(this.#pixels.buffer, 0, rgbaBytes(source));
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

function yuvBytes({ width, height }: Rect): number {
  return width * height + 2 * half(width) * half(height);
}

function half(size: number): number {
  return (size + 1) >> 1;
}

function planeLayout({ width, height }: Rect, chromaStep: 1 | 2): PlaneLayout[] {
  const luma = { offset: 0, stride: width };
  if (chromaStep === 2) return [luma, { offset: width * height, stride: half(width) * 2 }];
  const chromaBytes = half(width) * half(height);
  const stride = half(width);
  return [luma, { offset: width * height, stride }, { offset: width * height + chromaBytes, stride }];
}

function planesOf(bytes: Uint8Array, { width, height }: Rect, chromaStep: 1 | 2): YuvPlanes {
  const uOffset = width * height;
  const vOffset = chromaStep === 2 ? uOffset + 1 : uOffset + half(width) * half(height);
  return { bytes, yStride: width, uOffset, vOffset, chromaStride: half(width) * chromaStep, chromaStep };
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
