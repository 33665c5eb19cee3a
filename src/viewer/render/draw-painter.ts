import type { Rect } from "../../base/index.ts";
import { resizeCanvas } from "./copy-painter.ts";
import { drawRects } from "./draw-rects.ts";
import type { Painter, PictureSize } from "./painter.ts";

/** Draws the frame's rectangles on a 2D canvas, by GPU where there is one. Takes frames and bitmaps. */
export class DrawPainter implements Painter {
  readonly name = "draw";
  readonly canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;

  constructor(canvas: OffscreenCanvas) {
    const context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    if (context === null) throw new Error("This browser gives no 2D canvas in a worker.");
    this.canvas = canvas;
    this.#context = context;
  }

  paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], window: Rect, size: PictureSize): void {
    resizeCanvas(this.canvas, size);
    drawRects(this.#context, image, rects, window);
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

  close(): void {}
}
