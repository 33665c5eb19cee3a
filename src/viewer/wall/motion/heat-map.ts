import type { MotionView } from "../../../protocol/index.ts";

/** Change far above the threshold is drawn as strongly as it gets. */
const STRONGEST = 3;

/**
 * The detector's cells as R G B A: transparent where nothing changes, yellow as it comes near the threshold, red where it
 * counts. Throws a RangeError where there are fewer cells than the view says.
 */
export function heatPixels({ columns, rows, cells, threshold }: MotionView): Uint8ClampedArray<ArrayBuffer> {
  const changes = atob(cells);
  if (changes.length < columns * rows) throw new RangeError("There are fewer cells than columns times rows.");
  const pixels = new Uint8ClampedArray(columns * rows * 4);
  const least = Math.max(1, threshold);
  for (let cell = 0; cell < columns * rows; cell += 1) {
    const share = changes.charCodeAt(cell) / least;
    const counts = share >= 1;
    const at = cell * 4;
    pixels[at] = counts ? 255 : 250;
    pixels[at + 1] = counts ? Math.max(40, 120 - (share - 1) * 60) : 200;
    pixels[at + 2] = 40;
    pixels[at + 3] = counts ? 120 + (Math.min(share, STRONGEST) / STRONGEST) * 90 : Math.max(0, share - 0.3) * 90;
  }
  return pixels;
}
