/** A rectangle in pixels of its picture: left, top, width, height. Width and height are at least 1 unless said. */
export type Rect = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** The common part of two rectangles, or undefined where they only touch or lie apart. */
export function intersect(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** The smallest rectangle that holds both. */
export function boundingRect(a: Rect, b: Rect): Rect {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

export function area(rect: Rect): number {
  return rect.width * rect.height;
}

/** Grows `rect` outwards so that its edges lie on multiples of `step`, then clips it to `bounds`. */
export function alignOutwards(rect: Rect, step: number, bounds: Rect): Rect | undefined {
  const x = Math.floor(rect.x / step) * step;
  const y = Math.floor(rect.y / step) * step;
  const right = Math.ceil((rect.x + rect.width) / step) * step;
  const bottom = Math.ceil((rect.y + rect.height) / step) * step;
  return intersect({ x, y, width: right - x, height: bottom - y }, bounds);
}

/**
 * Adds `rect` to a short list of damage rectangles. A rectangle is merged with another one where the union costs no more
 * pixels than both apart (allowing `slack` of waste), and when the list is full the cheapest merge is forced, so the
 * list never exceeds `maxRects`. `rects` is changed in place.
 */
export function addDamage(rects: Rect[], rect: Rect, maxRects: number, slack = 1.25): void {
  let added = rect;
  for (let index = 0; index < rects.length; index += 1) {
    const other = rects[index] as Rect;
    const union = boundingRect(added, other);
    if (area(union) <= (area(added) + area(other)) * slack) {
      rects.splice(index, 1);
      added = union;
      index = -1;
    }
  }
  rects.push(added);
  while (rects.length > maxRects) mergeCheapest(rects);
}

function mergeCheapest(rects: Rect[]): void {
  let best = { cost: Number.POSITIVE_INFINITY, first: 0, second: 1 };
  for (let first = 0; first < rects.length; first += 1) {
    for (let second = first + 1; second < rects.length; second += 1) {
      const a = rects[first] as Rect;
      const b = rects[second] as Rect;
      const cost = area(boundingRect(a, b)) - area(a) - area(b);
      if (cost < best.cost) best = { cost, first, second };
    }
  }
  const union = boundingRect(rects[best.first] as Rect, rects[best.second] as Rect);
  rects.splice(best.second, 1);
  rects.splice(best.first, 1);
  addDamage(rects, union, rects.length + 1);
}
