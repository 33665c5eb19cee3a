import type { Rect } from "../../base/index.ts";
import type { PictureSize } from "./painter.ts";

/** An encoder adds at most one column and row to a picture. */
const MAX_PADDING = 1;

/** Whether the image has another size than the picture that it belongs to, but for padding at its right and lower edge. */
export function isScaled(image: VideoFrame | ImageBitmap | OffscreenCanvas, size: PictureSize): boolean {
  const { width, height } = sizeOf(image);
  return !isPadded(width, size.width) || !isPadded(height, size.height);
}

/** Draws rectangles of the picture out of an image of its part `window`, scaling an image of another size. */
export function drawRects(
  context: OffscreenCanvasRenderingContext2D,
  image: VideoFrame | ImageBitmap | OffscreenCanvas,
  rects: readonly Rect[],
  window: Rect,
): void {
  const scaled = isScaled(image, window);
  const own = sizeOf(image);
  const scaleX = scaled ? own.width / window.width : 1;
  const scaleY = scaled ? own.height / window.height : 1;
  context.imageSmoothingEnabled = scaled;
  for (const { x, y, width, height } of rects) {
    const left = (x - window.x) * scaleX;
    const top = (y - window.y) * scaleY;
    context.drawImage(image, left, top, width * scaleX, height * scaleY, x, y, width, height);
  }
}

function sizeOf(image: VideoFrame | ImageBitmap | OffscreenCanvas): PictureSize {
  if ("displayWidth" in image) return { width: image.displayWidth, height: image.displayHeight };
  return image;
}

function isPadded(edge: number, pictureEdge: number): boolean {
  return edge >= pictureEdge && edge - pictureEdge <= MAX_PADDING;
}
