import { addDamage, intersect, type Rect } from "../../base/index.ts";
import { MAX_PICTURE_RECTS } from "../../protocol/index.ts";

/**
 * Damage that waits to be painted. Rectangles of pictures that were skipped stay until a later picture, which contains
 * everything they changed, is painted. Rectangles are never widened while few enough, because pixels outside of the
 * damage must stay untouched.
 */
export class DamageBacklog {
  #rects: Rect[] = [];

  add(rects: readonly Rect[]): void {
    for (const rect of rects) {
      if (this.#rects.some((other) => contains(other, rect))) continue;
      this.#rects = this.#rects.filter((other) => !contains(rect, other));
      this.#rects.push(rect);
    }
    if (this.#rects.length > MAX_PICTURE_RECTS) this.#merge();
  }

  /** What has to be painted of a picture that shows `bounds`. */
  within(bounds: Rect): readonly Rect[] {
    return this.#rects.flatMap((rect) => intersect(rect, bounds) ?? []);
  }

  /** Only beyond the limit rectangles are merged, at the price of repainting some pixels between them. */
  #merge(): void {
    const merged: Rect[] = [];
    for (const rect of this.#rects) addDamage(merged, rect, MAX_PICTURE_RECTS);
    this.#rects = merged;
  }
}

function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
