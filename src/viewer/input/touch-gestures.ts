/** What fingers on the picture mean. Positions are CSS pixels of the view. */
export type TouchAction =
  | { readonly type: "pointer"; readonly buttons: number; readonly x: number; readonly y: number }
  /** Wheel units (1/120 notch), positive right and down. */
  | { readonly type: "scroll"; readonly unitsX: number; readonly unitsY: number }
  /** Zoom by `factor` around a point, and move by dx, dy. */
  | {
      readonly type: "zoom";
      readonly factor: number;
      readonly x: number;
      readonly y: number;
      readonly dx: number;
      readonly dy: number;
    };

type Point = { readonly x: number; readonly y: number };
type Phase = "idle" | "pressed" | "dragging" | "two" | "scrolling" | "pinching" | "done";

const LEFT = 1;
const RIGHT = 2;
const LONG_PRESS_MS = 500;
const DRAG_FROM_PX = 8;
const SCROLL_FROM_PX = 10;
const PINCH_FROM_PX = 24;
const UNITS_PER_PX = 3;

/**
 * Tap is a click, a long press a click of the right button, one finger drags, two fingers scroll, two that part or
 * meet zoom the view. Time is passed in; after every call `deadlineMs` says when `tick` is due.
 */
export class TouchGestures {
  readonly #emit: (action: TouchAction) => void;
  readonly #points = new Map<number, Point>();
  #phase: Phase = "idle";
  #start: Point = { x: 0, y: 0 };
  #startSpread = 0;
  #last: { middle: Point; spread: number } = { middle: { x: 0, y: 0 }, spread: 0 };
  #deadlineMs: number | undefined;

  constructor(emit: (action: TouchAction) => void) {
    this.#emit = emit;
  }

  get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  down(id: number, x: number, y: number, nowMs: number): void {
    this.#points.set(id, { x, y });
    if (this.#points.size === 1 && this.#phase === "idle") {
      this.#phase = "pressed";
      this.#start = { x, y };
      this.#deadlineMs = nowMs + LONG_PRESS_MS;
    } else if (this.#points.size === 2 && this.#phase === "pressed") {
      this.#phase = "two";
      this.#deadlineMs = undefined;
      this.#last = this.#pair();
      this.#start = this.#last.middle;
      this.#startSpread = this.#last.spread;
    }
  }

  move(id: number, x: number, y: number): void {
    if (!this.#points.has(id)) return;
    this.#points.set(id, { x, y });
    if (this.#phase === "pressed" && distance(this.#start, { x, y }) > DRAG_FROM_PX) {
      this.#phase = "dragging";
      this.#deadlineMs = undefined;
      this.#point(0, this.#start);
      this.#point(LEFT, this.#start);
    }
    if (this.#phase === "dragging") this.#point(LEFT, { x, y });
    if (this.#points.size === 2) this.#moveTwo();
  }

  up(id: number): void {
    const point = this.#points.get(id);
    this.#points.delete(id);
    if (point !== undefined && this.#phase === "pressed") this.#click(LEFT, this.#start);
    if (point !== undefined && this.#phase === "dragging") this.#point(0, point);
    this.#phase = this.#points.size === 0 ? "idle" : "done";
    this.#deadlineMs = undefined;
  }

  /** The browser took the fingers away; a drag is released where it was. */
  cancel(): void {
    const [point] = this.#points.values();
    if (point !== undefined && this.#phase === "dragging") this.#point(0, point);
    this.#points.clear();
    this.#phase = "idle";
    this.#deadlineMs = undefined;
  }

  tick(nowMs: number): void {
    if (this.#deadlineMs === undefined || nowMs < this.#deadlineMs) return;
    this.#deadlineMs = undefined;
    this.#phase = "done";
    this.#click(RIGHT, this.#start);
  }

  #moveTwo(): void {
    const pair = this.#pair();
    if (this.#phase === "two") {
      if (Math.abs(pair.spread - this.#startSpread) > PINCH_FROM_PX) this.#phase = "pinching";
      else if (distance(pair.middle, this.#start) > SCROLL_FROM_PX) this.#phase = "scrolling";
      else return;
    }
    const dx = pair.middle.x - this.#last.middle.x;
    const dy = pair.middle.y - this.#last.middle.y;
    if (this.#phase === "scrolling") {
      this.#emit({ type: "scroll", unitsX: -dx * UNITS_PER_PX, unitsY: -dy * UNITS_PER_PX });
    } else if (this.#phase === "pinching" && this.#last.spread > 0) {
      this.#emit({ type: "zoom", factor: pair.spread / this.#last.spread, ...pair.middle, dx, dy });
    }
    this.#last = pair;
  }

  #pair(): { middle: Point; spread: number } {
    const [a, b] = [...this.#points.values()] as [Point, Point];
    return { middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, spread: distance(a, b) };
  }

  #click(button: number, at: Point): void {
    this.#point(0, at);
    this.#point(button, at);
    this.#point(0, at);
  }

  #point(buttons: number, { x, y }: Point): void {
    this.#emit({ type: "pointer", buttons, x, y });
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
