import { PointerButton } from "../../protocol/index.ts";
import type { MouseMessage, PlacedMessage, TouchMessage, WheelMessage } from "./client-messages.ts";

/** A pointer or wheel input without the fields that every input has. */
export type PointerAction =
  | {
      readonly kind: "pointer";
      readonly relative: boolean;
      readonly buttons: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly kind: "wheel"; readonly x: number; readonly y: number };

type Size = { readonly width: number; readonly height: number };

const UNITS_PER_PIXEL = 120 / 100;

/** One event's two messages arrive together; the wheel's own events are a display's frame apart, or more. */
const TWIN_MS = 4;

/** Turns the client's mouse, wheel and touch messages into input, whatever it left out or said twice. */
export class LegacyPointer {
  #buttons = 0;
  #touch: number | undefined;
  #restX = 0;
  #restY = 0;
  #place: { readonly x: number; readonly y: number } | undefined;
  #wheel: { readonly message: WheelMessage; readonly atMs: number } | undefined;

  /** Empty for what changes nothing: a move without a place, an event that came twice. */
  mouse(message: MouseMessage, size: Size): PointerAction[] {
    if (message.type !== "mousemove") {
      const bit = PointerButton[message.button];
      const buttons = message.type === "mousedown" ? this.#buttons | bit : this.#buttons & ~bit;
      if (buttons === this.#buttons) return [];
      this.#buttons = buttons;
      return [this.#point(message, size) ?? this.#stay()];
    }
    const before = this.#place;
    const action = this.#point(message, size);
    return action === undefined || before === this.#place ? [] : [action];
  }

  /** The first finger is the left button; others wait until it is lifted. */
  touch(message: TouchMessage, size: Size): PointerAction[] {
    const begins = message.type === "touchstart" && this.#touch === undefined;
    if (!begins && message.identifier !== this.#touch) return [];
    const ends = message.type === "touchend" || message.type === "touchcancel";
    const actions: PointerAction[] = [];
    if (begins) {
      this.#touch = message.identifier;
      // A program that watches the pointer wants to see it arrive before it is pressed.
      const arrival = this.#point(message, size);
      if (arrival !== undefined) actions.push(arrival);
      this.#buttons |= PointerButton.left;
    } else if (ends) {
      this.#touch = undefined;
      this.#buttons &= ~PointerButton.left;
    }
    const before = this.#place;
    const action = this.#point(message, size);
    if (begins || ends) actions.push(action ?? this.#stay());
    else if (action !== undefined && before !== this.#place) actions.push(action);
    return actions;
  }

  /** Deltas are the browser's pixels and may be fractions; what is less than a unit waits for the next. */
  wheel(message: WheelMessage, size: Size, nowMs: number): PointerAction[] {
    const last = this.#wheel;
    if (last !== undefined && nowMs - last.atMs < TWIN_MS && isTwin(last.message, message)) {
      this.#wheel = undefined;
      return [];
    }
    this.#wheel = message.x === undefined ? undefined : { message, atMs: nowMs };
    const actions: PointerAction[] = [];
    const before = this.#place;
    const move = this.#point(message, size);
    if (move !== undefined && before !== this.#place) actions.push(move);
    this.#restX += message.delta_x * UNITS_PER_PIXEL;
    this.#restY += message.delta_y * UNITS_PER_PIXEL;
    const [x, y] = [Math.trunc(this.#restX), Math.trunc(this.#restY)];
    this.#restX -= x;
    this.#restY -= y;
    if (x !== 0 || y !== 0) actions.push({ kind: "wheel", x: clampUnits(x), y: clampUnits(y) });
    return actions;
  }

  #point(message: PlacedMessage, { width, height }: Size): PointerAction | undefined {
    const { x, y } = message;
    if (x === undefined || y === undefined) return undefined;
    const place = { x: clamp(Math.floor(x), width), y: clamp(Math.floor(y), height) };
    if (place.x !== this.#place?.x || place.y !== this.#place.y) this.#place = place;
    return { kind: "pointer", relative: false, buttons: this.#buttons, ...place };
  }

  /** Buttons change where the machine's pointer is now. */
  #stay(): PointerAction {
    return { kind: "pointer", relative: true, buttons: this.#buttons, x: 0, y: 0 };
  }
}

/** Before its first binary picture the client sends events on the video element twice. */
function isTwin(a: WheelMessage, b: WheelMessage): boolean {
  return b.x !== undefined && a.x === b.x && a.y === b.y && a.delta_x === b.delta_x && a.delta_y === b.delta_y;
}

function clamp(value: number, size: number): number {
  return Math.min(Math.max(value, 0), size - 1);
}

function clampUnits(units: number): number {
  return Math.min(Math.max(units, -0x7fffffff), 0x7fffffff);
}
