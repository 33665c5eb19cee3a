import { type Closable, Emitter, type Event, Scope } from "../../base/index.ts";
import { X11Connection } from "../x11/index.ts";
import type { CursorShape, Monitor } from "./capturer.ts";
import { X11Cursor } from "./x11-cursor.ts";
import { X11Monitors } from "./x11-monitors.ts";

/** Why a source ended, as `Capturer.onGone` tells it. */
export type GoneReason = "resized" | "removed" | "failed";

/** What every capturer of an X display needs beside pixels: a connection, the pointer, and when its monitor is gone. */
export class X11Source implements Closable {
  readonly connection: X11Connection;
  readonly onCursor: Event<CursorShape>;
  readonly #monitor: Monitor;
  readonly #monitors: X11Monitors;
  readonly #gone = new Emitter<GoneReason>();
  readonly #scope = new Scope();
  #isGone = false;

  /** Throws `EnvironmentError` when the display cannot be opened. */
  constructor(display: string, monitor: Monitor) {
    this.#monitor = monitor;
    this.connection = this.#scope.add(X11Connection.open(display));
    this.#scope.defer(() => this.#gone.close());
    try {
      this.#monitors = this.#scope.add(new X11Monitors(this.connection));
      const cursor = this.#scope.add(new X11Cursor(this.connection));
      this.onCursor = cursor.onCursor;
    } catch (error) {
      this.#scope.close();
      throw error;
    }
    this.#monitors.onMonitors(() => this.#judge());
    this.connection.onBroken(() => this.end("failed"));
    this.#judge();
  }

  /** The monitor is not there any more as it was; nothing can be captured. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Fires once, never inside of a call of this class. */
  get onGone(): Event<GoneReason> {
    return this.#gone.event;
  }

  /** Asks the server whether the monitor is as it was: reading failed, perhaps because of a change not yet announced. */
  recheck(): void {
    this.#monitors.refresh();
  }

  end(reason: GoneReason): void {
    if (this.#isGone) return;
    this.#isGone = true;
    setImmediate(() => this.#gone.emit(reason));
  }

  close(): void {
    this.#scope.close();
  }

  #judge(): void {
    const { key, x, y, width, height } = this.#monitor;
    const now = this.#monitors.monitors.find((candidate) => candidate.key === key);
    if (now === undefined) this.end("removed");
    else if (now.x !== x || now.y !== y || now.width !== width || now.height !== height) this.end("resized");
  }
}
