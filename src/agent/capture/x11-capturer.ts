import { addDamage, Emitter, EnvironmentError, type Event, intersect, type Rect, Scope } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Capturer, CursorShape, Grab, Monitor } from "./capturer.ts";
import { X11Damage } from "./x11-damage.ts";
import { openGetImagePixels, openShmPixels, type X11Pixels } from "./x11-pixels.ts";
import { type GoneReason, X11Source } from "./x11-source.ts";

/** Rectangles of one grab; more are merged. */
const MAX_GRAB_RECTS = 16;

export type X11CapturerOptions = {
  readonly display: string;
  readonly monitor: Monitor;
  readonly backend: "x11-shm" | "x11-get-image";
  readonly reason: string;
};

/** Captures a monitor of an X display, woken by the server's DAMAGE events. See {@link Capturer}. */
export class X11Capturer implements Capturer {
  readonly backend: "x11-shm" | "x11-get-image";
  readonly reason: string;
  readonly width: number;
  readonly height: number;
  readonly onCursor: Event<CursorShape>;
  readonly #scope = new Scope();
  readonly #changes = new Emitter<number>();
  readonly #bounds: Rect;
  readonly #coversRoot: boolean;
  readonly #source: X11Source;
  readonly #damage: X11Damage;
  readonly #pixels: X11Pixels;
  /** Taken from the server's record and not read yet, in pixels of the root window. */
  #pending: Rect[] = [];
  #whole = true;
  #changeUs: number | undefined;
  #reported = false;

  /**
   * Reads one whole picture to be sure that this way works. Throws `EnvironmentError` when it does not. A monitor that
   * is not there as described is reported by `onGone`.
   */
  constructor(options: X11CapturerOptions) {
    const { display, monitor } = options;
    this.backend = options.backend;
    this.reason = options.reason;
    this.width = monitor.width;
    this.height = monitor.height;
    this.#bounds = { x: monitor.x, y: monitor.y, width: monitor.width, height: monitor.height };
    this.#scope.defer(() => this.#changes.close());
    try {
      this.#source = this.#scope.add(new X11Source(display, monitor));
      const { connection } = this.#source;
      const { width, height } = connection.screen;
      this.#coversRoot = monitor.x === 0 && monitor.y === 0 && monitor.width === width && monitor.height === height;
      this.#damage = this.#scope.add(new X11Damage(connection));
      const open = options.backend === "x11-shm" ? openShmPixels : openGetImagePixels;
      this.#pixels = this.#scope.add(open(connection, this.#bounds));
      if (!this.#source.isGone) this.#pixels.read([{ x: 0, y: 0, width: this.width, height: this.height }]);
    } catch (cause) {
      this.#scope.close();
      if (cause instanceof EnvironmentError) throw cause;
      throw new EnvironmentError(
        `The picture of ${monitor.name} on "${display}" cannot be read.`,
        "Force another capture backend in the configuration.",
        { cause },
      );
    }
    this.onCursor = this.#source.onCursor;
    this.#damage.onDamage((box) => this.#handleDamage(box));
  }

  get onChange(): Event<number> {
    return this.#changes.event;
  }

  get onGone(): Event<GoneReason> {
    return this.#source.onGone;
  }

  invalidate(): void {
    if (this.#source.isGone) return;
    this.#whole = true;
    this.#report(monotonicUs());
  }

  grab(): Grab | undefined {
    if (this.#scope.closed || this.#source.isGone) return undefined;
    const grabStartUs = monotonicUs();
    const changeUs = this.#changeUs ?? grabStartUs;
    this.#changeUs = undefined;
    this.#reported = false;
    try {
      const rects = this.#takeRects();
      this.#pixels.read(rects);
      this.#whole = false;
      if (rects.length === 0) return undefined;
      return { buffer: this.#pixels.buffer, rects, changeUs, grabStartUs, grabEndUs: monotonicUs() };
    } catch (cause) {
      return this.#handleFailure(cause);
    }
  }

  close(): void {
    this.#scope.close();
  }

  /** The damage goes before the pixels, so a change between the two is grabbed twice rather than never. */
  #takeRects(): Rect[] {
    const taken = this.#damage.take();
    const found = this.#pending;
    this.#pending = [];
    if (this.#whole) return [{ x: 0, y: 0, width: this.width, height: this.height }];
    const rects: Rect[] = [];
    for (const rect of found.concat(taken)) {
      const visible = intersect(rect, this.#bounds);
      if (visible === undefined) continue;
      addDamage(rects, { ...visible, x: visible.x - this.#bounds.x, y: visible.y - this.#bounds.y }, MAX_GRAB_RECTS);
    }
    return rects;
  }

  #handleDamage(box: Rect): void {
    if (this.#reported || this.#source.isGone || intersect(box, this.#bounds) === undefined) return;
    const changeUs = monotonicUs();
    // The box may span this monitor only because of drawing on both sides of it.
    if (!this.#coversRoot && !this.#touchesMonitor()) return;
    this.#report(changeUs);
  }

  #touchesMonitor(): boolean {
    try {
      const taken = this.#damage.take().filter((rect) => intersect(rect, this.#bounds) !== undefined);
      this.#pending.push(...taken);
      return taken.length > 0;
    } catch (cause) {
      this.#handleFailure(cause);
      return false;
    }
  }

  #report(changeUs: number): void {
    this.#changeUs ??= changeUs;
    this.#reported = true;
    this.#changes.emit(changeUs);
  }

  /** A screen that shrank or a server that died ends the source in order; anything else is for the caller. */
  #handleFailure(cause: unknown): undefined {
    this.#source.recheck();
    if (cause instanceof EnvironmentError) this.#source.end("failed");
    if (this.#source.isGone) return undefined;
    throw new EnvironmentError(
      `The picture of the X display "${this.#source.connection.display}" can no longer be read.`,
      "Restart the agent; if it happens again, force another capture backend in the configuration.",
      { cause },
    );
  }
}
