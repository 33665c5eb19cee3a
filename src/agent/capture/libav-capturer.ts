import { Emitter, EnvironmentError, type Event, type Rect, Scope } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Capturer, CursorShape, Grab, Monitor, PixelBuffer } from "./capturer.ts";
import { type LibavBackend, LibavDevice } from "./libav-device.ts";
import { differingRects, differs } from "./picture-diff.ts";
import { rowBands } from "./row-bands.ts";
import { type GoneReason, X11Source } from "./x11-source.ts";

/** Rectangles of one grab; more are merged. */
const MAX_GRAB_RECTS = 16;
/** The whole screen is read at this rate at most, whether it changes or not. */
const MAX_DEVICE_FPS = 60;
/** A picture of this age need not be read once more to be grabbed. */
const FRESH_US = 1000;

export type LibavCapturerOptions = {
  readonly backend: LibavBackend;
  readonly display: string | undefined;
  readonly monitor: Monitor;
  readonly maxFps: number;
  readonly reason: string;
};

/**
 * Captures through one of FFmpeg's devices. They do not say when something changed, so the screen is read at a rate and
 * compared with the kept picture: a still screen is as silent as with the native capturers, yet costs the reading.
 * Nothing is read between the report of a change and its grab.
 */
export class LibavCapturer implements Capturer {
  readonly backend: LibavBackend;
  readonly reason: string;
  readonly width: number;
  readonly height: number;
  readonly onCursor: Event<CursorShape>;
  readonly #scope = new Scope();
  readonly #device: LibavDevice;
  readonly #source: X11Source | undefined;
  readonly #changes = new Emitter<number>();
  readonly #gone = new Emitter<GoneReason>();
  readonly #kept: PixelBuffer;
  #newest: PixelBuffer | undefined;
  #readUs = 0;
  #whole = true;
  #changeUs: number | undefined;
  #reported = false;
  #ended = false;

  /** Reads a first picture to be sure that it works. Throws `EnvironmentError` when it does not. */
  constructor(options: LibavCapturerOptions) {
    const { backend, display, monitor } = options;
    const { width, height } = monitor;
    this.backend = backend;
    this.reason = options.reason;
    this.width = width;
    this.height = height;
    const fps = Math.min(options.maxFps, MAX_DEVICE_FPS);
    try {
      this.#source = backend === "libav-x11grab" ? openSource(display, monitor) : undefined;
      if (this.#source !== undefined) this.#scope.add(this.#source);
      const drawPointer = this.#source === undefined;
      this.#device = this.#scope.add(new LibavDevice({ backend, display, area: monitor, fps, drawPointer }));
      this.#readDevice();
    } catch (error) {
      this.#scope.close();
      throw error;
    }
    this.#kept = { pixels: new Uint8Array(width * height * 4), strideBytes: width * 4, width, height };
    this.onCursor = this.#source?.onCursor ?? new Emitter<CursorShape>().event;
    this.#source?.onGone((reason) => this.#end(reason));
    const timer = setInterval(() => this.#look(), 1000 / fps);
    this.#scope.defer(() => clearInterval(timer));
    this.#scope.add(this.#changes);
    this.#scope.add(this.#gone);
  }

  get onChange(): Event<number> {
    return this.#changes.event;
  }

  get onGone(): Event<GoneReason> {
    return this.#gone.event;
  }

  invalidate(): void {
    if (!this.#isAlive) return;
    this.#whole = true;
    this.#report(monotonicUs());
  }

  grab(): Grab | undefined {
    if (!this.#isAlive) return undefined;
    const grabStartUs = monotonicUs();
    const changeUs = this.#changeUs ?? grabStartUs;
    this.#changeUs = undefined;
    this.#reported = false;
    if (grabStartUs - this.#readUs > FRESH_US && !this.#refresh()) return undefined;
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    const all: Rect = { x: 0, y: 0, width: this.width, height: this.height };
    const rects = this.#whole ? [all] : differingRects(this.#kept, newest, MAX_GRAB_RECTS);
    this.#whole = false;
    if (rects.length === 0) return undefined;
    copyRows(newest, this.#kept, rects);
    return { buffer: this.#kept, rects, changeUs, grabStartUs, grabEndUs: monotonicUs() };
  }

  close(): void {
    this.#scope.close();
  }

  get #isAlive(): boolean {
    return !(this.#ended || this.#scope.closed || this.#source?.isGone);
  }

  #look(): void {
    if (this.#reported || !this.#isAlive || !this.#refresh()) return;
    if (this.#newest !== undefined && differs(this.#kept, this.#newest)) this.#report(monotonicUs());
  }

  /** Reads the screen; false when that ended the source. */
  #refresh(): boolean {
    try {
      this.#readDevice();
      return true;
    } catch {
      // FFmpeg does not say why it has no more pictures; the display may know that its monitor changed.
      this.#source?.recheck();
      if (!this.#source?.isGone) setImmediate(() => this.#end("failed"));
      return false;
    }
  }

  #readDevice(): void {
    const picture = this.#device.read();
    if (picture === undefined) return;
    const { width, height } = picture;
    if (width !== this.width || height !== this.height) {
      throw new EnvironmentError(
        `FFmpeg delivers ${width}x${height} pixels, not the ${this.width}x${this.height} of the monitor.`,
        "Check that the monitor is on and was not just resized.",
      );
    }
    this.#newest = picture;
    this.#readUs = monotonicUs();
  }

  #report(changeUs: number): void {
    this.#changeUs ??= changeUs;
    this.#reported = true;
    this.#changes.emit(changeUs);
  }

  #end(reason: GoneReason): void {
    if (this.#ended || this.#scope.closed) return;
    this.#ended = true;
    this.#gone.emit(reason);
  }
}

/** Without the X11 client library there is no pointer shape and no word about a resize, but there are pictures. */
function openSource(display: string | undefined, monitor: Monitor): X11Source | undefined {
  try {
    return display === undefined ? undefined : new X11Source(display, monitor);
  } catch {
    return undefined;
  }
}

function copyRows(source: PixelBuffer, target: PixelBuffer, rects: readonly Rect[]): void {
  const rowBytes = target.width * 4;
  for (const band of rowBands(rects, 0)) {
    if (source.strideBytes === target.strideBytes) {
      const [from, to] = [band.y * rowBytes, (band.y + band.height) * rowBytes];
      target.pixels.set(source.pixels.subarray(from, to), from);
      continue;
    }
    for (let row = band.y; row < band.y + band.height; row += 1) {
      const from = row * source.strideBytes;
      target.pixels.set(source.pixels.subarray(from, from + rowBytes), row * target.strideBytes);
    }
  }
}
