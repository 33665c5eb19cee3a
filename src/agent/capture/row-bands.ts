import type { Rect } from "../../base/index.ts";

/** Rows `y` to `y + height` of a picture. */
export type RowBand = { readonly y: number; readonly height: number };

/**
 * The rows that `rects` touch as few disjoint bands from top to bottom. Bands with at most `maxGap` rows between them
 * become one, for reading a few rows more costs less than asking once more.
 */
export function rowBands(rects: readonly Rect[], maxGap: number): RowBand[] {
  const sorted = rects.toSorted((a, b) => a.y - b.y);
  const bands: { y: number; height: number }[] = [];
  let last: { y: number; height: number } | undefined;
  for (const rect of sorted) {
    if (last !== undefined && rect.y - (last.y + last.height) <= maxGap) {
      last.height = Math.max(last.height, rect.y + rect.height - last.y);
    } else {
      last = { y: rect.y, height: rect.height };
      bands.push(last);
    }
  }
  return bands;
}
