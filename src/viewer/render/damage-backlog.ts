import { addDamage, intersect, type Rect } from "../../base/index.ts";
import { MAX_PICTURE_RECTS } from "../../protocol/index.ts";

/**
 * Damage that waits to be painted. Rectangles of pictures that were skipped stay until a later picture, which contains
 * everything they changed, is painted. Rectangles are never widened while few enough, because pixels outside of the
 * damage must stay untouched.
 */
export class DamageBacklog {
  #rects: Rect[] = [];
  #whole = true;

  add(rects: readonly Rect[]): void {
    if (this.#whole) return;
    for (const rect of rects) {
      if (this.#rects.some((other) => contains(other, rect))) continue;
      this.#rects = this.#rects.filter((other) => !contains(rect, other));
      this.#rects.push(rect);
    }
    // Only beyond the limit rectangles are merged, at the price of repainting some pixels between them.
    if (this.#rects.length > MAX_PICTURE_RECTS) {
      const rects: Rect[] = [];
      for (const rect of this.#rects) addDamage(rects, rect, MAX_PICTURE_RECTS);
      this.#rects = rects;
    }
  }

  /** The next paint covers the whole picture: a new stream, a new size, a new canvas. */
  addWhole(): void {
    this.#whole = true;
    this.#rects = [];
  }

  /** Takes what has to be painted of a picture of this size, and starts empty. */
  take(width: number, height: number): readonly Rect[] {
    const bounds = { x: 0, y: 0, width, height };
    const rects = this.#whole ? [bounds] : this.#rects;
    this.#rects = [];
    this.#whole = false;
    return rects.flatMap((rect) => intersect(rect, bounds) ?? []);
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
