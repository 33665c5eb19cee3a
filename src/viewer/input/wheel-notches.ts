/** The parts of a `WheelEvent` that matter. `wheelDeltaX/Y` are not in the standard but exact where they exist. */
export type WheelMotion = {
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly wheelDeltaX?: number;
  readonly wheelDeltaY?: number;
};

export const UNITS_PER_NOTCH = 120;
const PIXELS_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;
const NOTCHES_PER_PAGE = 3;
const PIXEL_MODE = 0;
const LINE_MODE = 1;

/** Turns wheel events of every mode into whole 1/120 of a notch, keeping the fractions for the next event. */
export class WheelNotches {
  #restX = 0;
  #restY = 0;

  /** The units to send, positive right and down; undefined while they are less than one. */
  add(motion: WheelMotion): { readonly x: number; readonly y: number } | undefined {
    return this.addUnits(
      toUnits(motion.deltaX, motion.deltaMode, motion.wheelDeltaX),
      toUnits(motion.deltaY, motion.deltaMode, motion.wheelDeltaY),
    );
  }

  /** The same for motion that is in units already. */
  addUnits(unitsX: number, unitsY: number): { readonly x: number; readonly y: number } | undefined {
    this.#restX += unitsX;
    this.#restY += unitsY;
    const x = Math.trunc(this.#restX);
    const y = Math.trunc(this.#restY);
    this.#restX -= x;
    this.#restY -= y;
    return x === 0 && y === 0 ? undefined : { x, y };
  }
}

function toUnits(delta: number, mode: number, wheelDelta: number | undefined): number {
  // A wheel with notches reports whole multiples of 120, whatever the browser makes of them in pixels.
  if (wheelDelta !== undefined && wheelDelta !== 0 && wheelDelta % UNITS_PER_NOTCH === 0) return -wheelDelta;
  if (mode === PIXEL_MODE) return (delta * UNITS_PER_NOTCH) / PIXELS_PER_NOTCH;
  if (mode === LINE_MODE) return (delta * UNITS_PER_NOTCH) / LINES_PER_NOTCH;
  return delta * NOTCHES_PER_PAGE * UNITS_PER_NOTCH;
}
