import { matteSize } from "./matte.ts";
import type { MatteShape } from "./settings.ts";

/**
 * Draws a garbage matte for a picture of this size: 255 where the picture stays, 0 where it goes, one entry for each 2x2
 * pixels. Undefined without shapes.
 */
export function drawMask(
  shapes: readonly MatteShape[],
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (shapes.length === 0) return undefined;
  const size = matteSize(width, height);
  const kept = shapes.filter(({ mode }) => mode === "keep");
  const cut = shapes.filter(({ mode }) => mode === "cut");
  const mask = new Uint8Array(size.width * size.height);
  for (let row = 0, at = 0; row < size.height; row += 1) {
    for (let column = 0; column < size.width; column += 1, at += 1) {
      const x = (2 * column + 1) / width;
      const y = (2 * row + 1) / height;
      const stays = kept.length === 0 || kept.some((shape) => isInside(shape, x, y));
      mask[at] = stays && !cut.some((shape) => isInside(shape, x, y)) ? 255 : 0;
    }
  }
  return mask;
}

/** Whether a place, in shares of the picture, lies inside a shape. */
export function isInside({ kind, points }: MatteShape, x: number, y: number): boolean {
  if (kind === "polygon") return isInsidePolygon(points, x, y);
  const [[x1, y1], [x2, y2]] = [points[0] ?? [0, 0], points[1] ?? [0, 0]];
  const [acrossX, acrossY] = [Math.abs(x2 - x1) / 2, Math.abs(y2 - y1) / 2];
  const [offX, offY] = [Math.abs(x - (x1 + x2) / 2), Math.abs(y - (y1 + y2) / 2)];
  if (kind === "rectangle") return offX <= acrossX && offY <= acrossY;
  return acrossX > 0 && acrossY > 0 && (offX / acrossX) ** 2 + (offY / acrossY) ** 2 <= 1;
}

/** Even-odd rule. */
function isInsidePolygon(points: MatteShape["points"], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i, i += 1) {
    const [x1, y1] = points[i] as readonly [number, number];
    const [x2, y2] = points[j] as readonly [number, number];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}
