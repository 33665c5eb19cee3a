import { intersect, type Rect } from "../../base/index.ts";

/** Width and height in pixels. */
export type Size = { readonly width: number; readonly height: number };

/** The edge of a macroblock. */
const MIN_EDGE = 16;

/**
 * The size of the picture for a source and the largest size allowed: never scaled up, aspect kept. An unscaled picture
 * is the source, grown by one pixel where H.264 needs an even edge; a scaled one is rounded to even edges. Throws
 * RangeError for a source smaller than one macroblock, which the conversion cannot read.
 */
export function pictureSize(source: Size, limit: Size, evenEdges: boolean): Size {
  if (source.width < MIN_EDGE || source.height < MIN_EDGE) {
    throw new RangeError(
      `A source of ${source.width}x${source.height} is too small; ${MIN_EDGE}x${MIN_EDGE} is the least.`,
    );
  }
  const scale = Math.min(1, limit.width / source.width, limit.height / source.height);
  const edge = (pixels: number): number => {
    if (scale === 1) return evenEdges ? pixels + (pixels & 1) : pixels;
    return Math.max(2, Math.round((pixels * scale) / 2) * 2);
  };
  return { width: edge(source.width), height: edge(source.height) };
}

/**
 * Where in the picture the change of `rect` in the source shows. A scaled rectangle grows by one pixel all around,
 * because scaling mixes neighbours.
 */
export function pictureRect(rect: Rect, source: Size, picture: Size): Rect | undefined {
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  if (!isScaled(source, picture)) {
    // The pixel that pads an odd edge repeats the last one, so it changes with it.
    const padX = rect.x + rect.width === source.width ? picture.width - source.width : 0;
    const padY = rect.y + rect.height === source.height ? picture.height - source.height : 0;
    return intersect({ ...rect, width: rect.width + padX, height: rect.height + padY }, whole);
  }
  const scaleX = picture.width / source.width;
  const scaleY = picture.height / source.height;
  const x = Math.floor(rect.x * scaleX) - 1;
  const y = Math.floor(rect.y * scaleY) - 1;
  const right = Math.ceil((rect.x + rect.width) * scaleX) + 1;
  const bottom = Math.ceil((rect.y + rect.height) * scaleY) + 1;
  return intersect({ x, y, width: right - x, height: bottom - y }, whole);
}

/** Whether the picture is more than the source with padded edges. */
export function isScaled(source: Size, picture: Size): boolean {
  return picture.width < source.width || picture.height < source.height;
}
