import type { Closable } from "../../base/index.ts";
import type { InputDraft } from "../messages.ts";
import { epochMs } from "./keyboard-source.ts";
import { NewestMotion } from "./newest-motion.ts";
import { type TouchAction, TouchGestures } from "./touch-gestures.ts";
import { WheelNotches } from "./wheel-notches.ts";

export type PointerSourceOptions = {
  readonly send: (draft: InputDraft, epochMs: number) => void;
  /** The source's pixel under a point of the surface (CSS pixels), undefined without a picture. */
  readonly toSource: (x: number, y: number) => { readonly x: number; readonly y: number } | undefined;
  /** A pinch, or the same on a touch pad: zoom the view by `factor` around a point and move it. */
  readonly onZoom: (zoom: Extract<TouchAction, { type: "zoom" }>) => void;
  /** The mouse is here; a picture larger than the view follows it. */
  readonly onHover: (x: number, y: number) => void;
  /** A press; `touch` must not bring up the soft keyboard. */
  readonly onPress: (touch: boolean) => void;
  readonly controlHeld: () => boolean;
};

type Motion = { readonly draft: Extract<InputDraft, { kind: "pointer" }>; readonly epochMs: number };

const ALL_BUTTONS = 31;
const TOUCH_PAD_ZOOM = 0.01;

/**
 * Reads mouse, pen and touch on the surface that shows the picture. Motion is newest-wins; buttons are sent at once with
 * their position. Drags go on outside of the window. While the pointer is locked, motion is sent as growing sums.
 */
export class PointerSource implements Closable {
  readonly #surface: HTMLElement;
  readonly #options: PointerSourceOptions;
  readonly #abort = new AbortController();
  readonly #motion: NewestMotion<Motion>;
  readonly #wheel = new WheelNotches();
  readonly #gestures = new TouchGestures((action) => this.#touched(action));
  /** Positions at device rate without waiting for a frame; only in secure contexts. */
  readonly #raw = "onpointerrawupdate" in window;
  #buttons = 0;
  #sumX = 0;
  #sumY = 0;
  #rawMoves = false;
  #last = { x: 0, y: 0 };
  #touchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(surface: HTMLElement, options: PointerSourceOptions) {
    this.#surface = surface;
    this.#options = options;
    this.#motion = new NewestMotion(({ draft, epochMs }) => options.send(draft, epochMs));
    const { signal } = this.#abort;
    const on = (type: string, listener: (event: PointerEvent) => void): void => {
      surface.addEventListener(type, (event) => listener(event as PointerEvent), { signal });
    };
    on("pointerdown", (event) => this.#pressed(event));
    on("pointerup", (event) => this.#released(event));
    on("pointermove", (event) => this.#moved(event, false));
    if (this.#raw) on("pointerrawupdate", (event) => this.#moved(event, true));
    on("pointercancel", (event) => this.#cancelled(event));
    on("lostpointercapture", (event) => this.#captureLost(event));
    window.addEventListener("pointerup", (event) => this.#releasedElsewhere(event), { signal });
    surface.addEventListener("wheel", (event) => this.#wheeled(event), { signal, passive: false });
    for (const type of ["contextmenu", "dragstart", "mousedown", "mouseup", "auxclick"]) {
      // No menu, no drag of the canvas, no auto-scroll of the middle button, no navigation by the side buttons.
      surface.addEventListener(type, (event) => event.preventDefault(), { signal });
    }
  }

  /** Motion counts from zero again: control was gained anew. */
  resetRelative(): void {
    this.#sumX = 0;
    this.#sumY = 0;
  }

  /** Releases every button where the pointer is. */
  releaseAll(): void {
    this.#gestures.cancel();
    this.#motion.drop();
    if (this.#buttons === 0) return;
    this.#buttons = 0;
    this.#sendPointer(performance.timeOrigin + performance.now());
  }

  close(): void {
    this.#abort.abort();
    this.#motion.drop();
    clearTimeout(this.#touchTimer);
  }

  get #locked(): boolean {
    const root = this.#surface.getRootNode() as Document | ShadowRoot;
    return root.pointerLockElement === this.#surface;
  }

  #pressed(event: PointerEvent): void {
    const touch = event.pointerType === "touch";
    // Sent first: focus and capture may cost a layout of the page.
    if (!touch) this.#changed(event);
    this.#options.onPress(touch);
    if (event.isTrusted) this.#surface.setPointerCapture(event.pointerId);
    if (touch) {
      this.#gestures.down(event.pointerId, event.offsetX, event.offsetY, performance.now());
      this.#scheduleTouch();
    }
  }

  #released(event: PointerEvent): void {
    if (event.pointerType !== "touch") {
      this.#changed(event);
      return;
    }
    this.#gestures.up(event.pointerId);
    this.#scheduleTouch();
  }

  #cancelled(event: PointerEvent): void {
    if (event.pointerType === "touch") this.#gestures.cancel();
    else this.releaseAll();
  }

  /** The release of one of two buttons ends the capture in Chromium; the drag goes on all the same. */
  #captureLost(event: PointerEvent): void {
    if ((event.buttons & ALL_BUTTONS) !== 0 && event.isTrusted) this.#surface.setPointerCapture(event.pointerId);
  }

  #releasedElsewhere(event: PointerEvent): void {
    const outside = !event.composedPath().includes(this.#surface);
    if (outside && event.pointerType !== "touch" && event.buttons === 0) this.releaseAll();
  }

  #moved(event: PointerEvent, raw: boolean): void {
    if (event.pointerType === "touch") {
      if (raw) return;
      this.#gestures.move(event.pointerId, event.offsetX, event.offsetY);
      this.#scheduleTouch();
      return;
    }
    // A second button while one is held comes as a move.
    if ((event.buttons & ALL_BUTTONS) !== this.#buttons) {
      this.#changed(event);
      return;
    }
    if (this.#locked) {
      if (raw && (event.movementX !== 0 || event.movementY !== 0)) this.#rawMoves = true;
      if (raw === this.#rawMoves) this.#addRelative(event);
      else return;
    } else {
      if (this.#raw && !raw) return;
      this.#options.onHover(event.offsetX, event.offsetY);
      if (!this.#place(event.offsetX, event.offsetY)) return;
    }
    this.#motion.offer({ draft: this.#draft(), epochMs: epochMs(event) });
  }

  /** Buttons changed: sent at once, with the position, instead of any motion that waits. */
  #changed(event: PointerEvent): void {
    event.preventDefault();
    if (!this.#locked && !this.#place(event.offsetX, event.offsetY)) return;
    this.#buttons = event.buttons & ALL_BUTTONS;
    this.#motion.drop();
    this.#sendPointer(epochMs(event));
  }

  #addRelative(event: PointerEvent): void {
    this.#sumX += event.movementX;
    this.#sumY += event.movementY;
  }

  #place(x: number, y: number): boolean {
    const point = this.#options.toSource(x, y);
    if (point === undefined) return false;
    this.#last = point;
    return true;
  }

  #draft(): Motion["draft"] {
    const relative = this.#locked;
    const { x, y } = relative ? { x: Math.round(this.#sumX), y: Math.round(this.#sumY) } : this.#last;
    return { kind: "pointer", relative, buttons: this.#buttons, x, y };
  }

  #sendPointer(atEpochMs: number): void {
    this.#options.send(this.#draft(), atEpochMs);
  }

  #wheeled(event: WheelEvent): void {
    event.preventDefault();
    // A pinch on a touch pad comes as a wheel with a Control key that nobody pressed.
    if (event.ctrlKey && !this.#options.controlHeld()) {
      const factor = Math.exp(-event.deltaY * TOUCH_PAD_ZOOM);
      this.#options.onZoom({ type: "zoom", factor, x: event.offsetX, y: event.offsetY, dx: 0, dy: 0 });
      return;
    }
    this.#scroll(this.#wheel.add(event as WheelEvent & { wheelDeltaX?: number; wheelDeltaY?: number }), epochMs(event));
  }

  #scroll(units: { x: number; y: number } | undefined, atEpochMs: number): void {
    if (units !== undefined) this.#options.send({ kind: "wheel", ...units }, atEpochMs);
  }

  #touched(action: TouchAction): void {
    const atEpochMs = performance.timeOrigin + performance.now();
    if (action.type === "zoom") this.#options.onZoom(action);
    else if (action.type === "scroll") this.#scroll(this.#wheel.addUnits(action.unitsX, action.unitsY), atEpochMs);
    else if (this.#place(action.x, action.y)) {
      const pressed = action.buttons !== this.#buttons;
      this.#buttons = action.buttons;
      const motion = { draft: this.#draft(), epochMs: atEpochMs };
      if (!pressed) {
        this.#motion.offer(motion);
        return;
      }
      this.#motion.drop();
      this.#options.send(motion.draft, atEpochMs);
    }
  }

  #scheduleTouch(): void {
    clearTimeout(this.#touchTimer);
    const { deadlineMs } = this.#gestures;
    if (deadlineMs === undefined) return;
    // Timers count whole milliseconds and may come a little early: what is not due yet is waited for again.
    const waitMs = Math.max(0, Math.ceil(deadlineMs - performance.now()));
    this.#touchTimer = setTimeout(() => {
      this.#gestures.tick(performance.now());
      this.#scheduleTouch();
    }, waitMs);
  }
}
