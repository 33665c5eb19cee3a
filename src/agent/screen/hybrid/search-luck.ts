import { area, intersect, type Rect } from "../../../base/index.ts";

/** Searches of a region in a row that may find nothing before most are left out. */
const PATIENCE = 4;

/** Of those, every so many is made all the same: a video may stop and scrolling begin. */
const RETRY_EVERY = 8;

/** Rectangles that have this share of the larger one in common are the same region. */
const SAME_SHARE = 0.75;

/** Leaves out most searches of a region where they find nothing: over a playing video they would cost as much as it. */
export class SearchLuck {
  #region: Rect = { x: 0, y: 0, width: 1, height: 1 };
  #fruitless = 0;
  #fruitlessBefore = 0;

  /** Searches the region, or returns undefined where that is left out. */
  try<T>(region: Rect, search: (region: Rect) => T[]): T[] | undefined {
    if (!isSame(region, this.#region)) this.#fruitless = 0;
    this.#region = region;
    this.#fruitlessBefore = this.#fruitless;
    if (this.#fruitless >= PATIENCE && this.#fruitless % RETRY_EVERY !== 0) {
      this.#fruitless += 1;
      return undefined;
    }
    const found = search(region);
    this.#fruitless = found.length > 0 ? 0 : this.#fruitless + 1;
    return found;
  }

  /** What the last search found was of no use. */
  inVain(): void {
    this.#fruitless = this.#fruitlessBefore + 1;
  }
}

function isSame(a: Rect, b: Rect): boolean {
  const both = intersect(a, b);
  return both !== undefined && area(both) >= SAME_SHARE * Math.max(area(a), area(b));
}
