import type { Rect } from "../../base/index.ts";
import { pictureRect, type Size } from "./picture-size.ts";

/** The changed rectangles of the source as rectangles of the picture. */
export function changedRects(rects: readonly Rect[], source: Size, picture: Size): Rect[] {
  const changed: Rect[] = [];
  for (const rect of rects) {
    const mapped = pictureRect(rect, source, picture);
    if (mapped !== undefined) changed.push(mapped);
  }
  return changed;
}

/** Throws RangeError when the buffer is not of the source that the encoder was opened for. */
export function checkSourceSize(buffer: Size, source: Size): void {
  if (buffer.width !== source.width || buffer.height !== source.height) {
    throw new RangeError(
      `The encoder was opened for ${source.width}x${source.height} pixels, not ${buffer.width}x${buffer.height}.`,
    );
  }
}
