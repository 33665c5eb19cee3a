import type { Rect } from "../../base/index.ts";
import type { Painter, PictureSize } from "./painter.ts";

const BYTES_PER_PIXEL = 4;

/** Copies the changed pixels out of the frame and puts them on a software 2D canvas. */
export class CopyPainter implements Painter {
  readonly name = "copy";
  readonly canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  #buffer = new ArrayBuffer(0);

  constructor(canvas: OffscreenCanvas) {
    const context = canvas.getContext("2d", { alpha: false, desynchronized: true, willReadFrequently: true });
    if (context === null) throw new Error("This browser gives no 2D canvas in a worker.");
    this.canvas = canvas;
    this.#context = context;
  }

  async paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], size: PictureSize): Promise<void> {
    if (!("copyTo" in image)) throw new Error("Only video frames can be copied.");
    const areas = rects.map((rect) => ({ rect, source: evenRect(rect, image) }));
    const bytes = areas.reduce((sum, { source }) => sum + source.width * source.height * BYTES_PER_PIXEL, 0);
    if (this.#buffer.byteLength < bytes) this.#buffer = new ArrayBuffer(bytes);
    let offset = 0;
    const copies: Promise<ImageData>[] = [];
    for (const { source } of areas) {
      copies.push(this.#copy(image, source, offset));
      offset += source.width * source.height * BYTES_PER_PIXEL;
    }
    const pixels = await Promise.all(copies);
    resizeCanvas(this.canvas, size);
    for (const [index, { rect, source }] of areas.entries()) {
      const data = pixels[index] as ImageData;
      const [dx, dy] = [rect.x - source.x, rect.y - source.y];
      this.#context.putImageData(data, source.x, source.y, dx, dy, rect.width, rect.height);
    }
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
    this.#buffer = new ArrayBuffer(0);
  }

  async #copy(frame: VideoFrame, source: Rect, offset: number): Promise<ImageData> {
    const bytes = new Uint8ClampedArray(this.#buffer, offset, source.width * source.height * BYTES_PER_PIXEL);
    // The rectangle counts from the coded picture's corner, the visible one may start elsewhere.
    const x = source.x + (frame.visibleRect?.x ?? 0);
    const y = source.y + (frame.visibleRect?.y ?? 0);
    const rect = { x, y, width: source.width, height: source.height };
    await frame.copyTo(bytes, {
      rect,
      format: "RGBA",
      layout: [{ offset: 0, stride: source.width * BYTES_PER_PIXEL }],
    });
    return new ImageData(bytes, source.width, source.height);
  }
}

/** Gives the canvas the picture's size. Setting a size empties a canvas, so it is left alone when it fits. */
export function resizeCanvas(canvas: OffscreenCanvas, size: PictureSize): void {
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
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
