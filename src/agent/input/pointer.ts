import type { Rect } from "../../base/index.ts";
import type { PointerInput, WheelInput } from "../../protocol/index.ts";
import { PointerButton } from "../../protocol/index.ts";
import { HeldKeys } from "./held-keys.ts";

/** What the pointer of a machine can do; `button` takes X's numbers. */
export type PointerDevice = {
  moveTo(x: number, y: number): void;
  moveBy(x: number, y: number): void;
  button(button: number, down: boolean): void;
  flush(): void;
};

/** Wheel notches that one message may turn; more are dropped, so that no message can keep the machine busy. */
export const MAX_NOTCHES = 40;

const UNITS_PER_NOTCH = 120;
const MAX_RELATIVE = 32_767;
const WHEEL_UP = 4;
const WHEEL_DOWN = 5;
const WHEEL_LEFT = 6;
const WHEEL_RIGHT = 7;

/** X's button for each bit of the mask. */
const BUTTONS: ReadonlyArray<readonly [bit: number, button: number]> = [
  [PointerButton.left, 1],
  [PointerButton.right, 3],
  [PointerButton.middle, 2],
  [PointerButton.back, 8],
  [PointerButton.forward, 9],
];

type ViewerPointer = { sumX: number; sumY: number; restX: number; restY: number };

/** Moves the machine's pointer, presses its buttons and turns its wheel for any number of viewers. */
export class Pointer {
  readonly #device: PointerDevice;
  readonly #held = new HeldKeys();
  readonly #viewers = new Map<number, ViewerPointer>();

  constructor(device: PointerDevice) {
    this.#device = device;
  }

  /** `area` is the place of the viewer's monitor on the root window; absolute motion stays inside it. */
  pointer(input: PointerInput, area: Rect): void {
    if (input.relative) this.#moveBy(input);
    else {
      const x = area.x + Math.min(Math.max(input.x, 0), area.width - 1);
      const y = area.y + Math.min(Math.max(input.y, 0), area.height - 1);
      this.#device.moveTo(x, y);
    }
    for (const [bit, button] of BUTTONS) if ((input.buttons & bit) === 0) this.#releaseButton(input.viewer, button);
    for (const [bit, button] of BUTTONS) if ((input.buttons & bit) !== 0) this.#pressButton(input.viewer, button);
    this.#device.flush();
  }

  wheel(input: WheelInput): void {
    const viewer = this.#viewer(input.viewer);
    const x = addUnits(viewer.restX, input.x);
    const y = addUnits(viewer.restY, input.y);
    viewer.restX = x.rest;
    viewer.restY = y.rest;
    this.#turn(y.notches, WHEEL_UP, WHEEL_DOWN);
    this.#turn(x.notches, WHEEL_LEFT, WHEEL_RIGHT);
    this.#device.flush();
  }

  /** Releases the viewer's buttons; its sums of relative motion start at zero again. */
  release(viewer: number): void {
    for (const button of this.#held.usages(viewer)) this.#releaseButton(viewer, button);
    this.#viewers.delete(viewer);
    this.#device.flush();
  }

  releaseAll(): void {
    for (const viewer of this.#held.viewers()) this.release(viewer);
  }

  #moveBy(input: PointerInput): void {
    const viewer = this.#viewer(input.viewer);
    // Sums of 32 bits may wrap around; their difference does not mind.
    const x = (input.x - viewer.sumX) | 0;
    const y = (input.y - viewer.sumY) | 0;
    viewer.sumX = input.x;
    viewer.sumY = input.y;
    const clamp = (value: number): number => Math.min(Math.max(value, -MAX_RELATIVE), MAX_RELATIVE);
    if (x !== 0 || y !== 0) this.#device.moveBy(clamp(x), clamp(y));
  }

  #pressButton(viewer: number, button: number): void {
    if (this.#held.has(viewer, button)) return;
    if (this.#held.hold(viewer, button, button)) this.#device.button(button, true);
  }

  #releaseButton(viewer: number, button: number): void {
    if (this.#held.letGo(viewer, button) !== undefined) this.#device.button(button, false);
  }

  #turn(notches: number, backward: number, forward: number): void {
    const button = notches < 0 ? backward : forward;
    for (let count = Math.abs(notches); count > 0; count -= 1) {
      this.#device.button(button, true);
      this.#device.button(button, false);
    }
  }

  #viewer(viewer: number): ViewerPointer {
    let state = this.#viewers.get(viewer);
    if (state === undefined) {
      state = { sumX: 0, sumY: 0, restX: 0, restY: 0 };
      this.#viewers.set(viewer, state);
    }
    return state;
  }
}

/** Adds wheel units to what is left of a notch. Turning back forgets the rest, so that the first notch back counts. */
function addUnits(rest: number, units: number): { notches: number; rest: number } {
  const sum = Math.sign(rest) === -Math.sign(units) ? units : rest + units;
  const notches = Math.trunc(sum / UNITS_PER_NOTCH);
  const capped = Math.min(Math.max(notches, -MAX_NOTCHES), MAX_NOTCHES);
  return { notches: capped, rest: sum - notches * UNITS_PER_NOTCH };
}
