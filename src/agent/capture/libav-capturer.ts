import { Emitter, EnvironmentError, type Event, type Rect } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Capturer, CursorShape, Grab, Monitor, PixelBuffer } from "./capturer.ts";
import { type LibavBackend, LibavDevice } from "./libav-device.ts";
import { differingRects, differs } from "./picture-diff.ts";
import { rowBands } from "./row-bands.ts";
import { type GoneReason, X11Source } from "./x11-source.ts";

/** Rectangles of one grab; more are merged. */
const MAX_GRAB_RECTS = 16;
/** FFmpeg's devices read the whole screen at this rate at most, whether it changes or not. */
const MAX_DEVICE_FPS = 60;

export type LibavCapturerOptions = {
  readonly backend: LibavBackend;
  readonly display: string | undefined;
  readonly monitor: Monitor;
  readonly maxFps: number;
  readonly reason: string;
};

/**
 * Captures through one of FFmpeg's devices. They deliver at a rate and do not say what changed, so each picture is
 * compared with the kept one: a still screen is as silent as with the native capturers, yet costs their reading.
 */
export class LibavCapturer implements Capturer {
  readonly backend: LibavBackend;
  readonly reason: string;
  readonly width: number;
  readonly height: number;
  readonly onCursor: Event<CursorShape>;
  readonly #device: LibavDevice;
  readonly #source: X11Source | undefined;
  readonly #changes = new Emitter<number>();
  readonly #gone = new Emitter<GoneReason>();
  readonly #kept: PixelBuffer;
  #newest: PixelBuffer;
  #whole = true;
  #changeUs: number | undefined;
  #reported = false;
  #ended = false;
  #closed = false;

  /** Reads a first picture to be sure that it works. Throws `EnvironmentError` when it does not. */
  static async open(options: LibavCapturerOptions): Promise<LibavCapturer> {
    const { backend, display, monitor } = options;
    const source = backend === "libav-x11grab" ? openSource(display, monitor) : undefined;
    let device: LibavDevice | undefined;
    try {
      const fps = Math.min(options.maxFps, MAX_DEVICE_FPS);
      device = await LibavDevice.open({ backend, display, area: monitor, fps, drawPointer: source === undefined });
      const first = await device.read();
      if (first?.width !== monitor.width || first.height !== monitor.height) {
        throw new EnvironmentError(
          `FFmpeg delivers no picture of ${monitor.width}x${monitor.height} pixels of ${monitor.name}.`,
          "Check that the monitor is on and was not just resized.",
        );
      }
      return new LibavCapturer(options, device, first, source);
    } catch (error) {
      device?.close();
      source?.close();
      throw error;
    }
  }

  private constructor(
    options: LibavCapturerOptions,
    device: LibavDevice,
    first: PixelBuffer,
    source: X11Source | undefined,
  ) {
    const { width, height } = options.monitor;
    this.backend = options.backend;
    this.reason = options.reason;
    this.width = width;
    this.height = height;
    this.#device = device;
    this.#source = source;
    this.#newest = first;
    this.#kept = { pixels: new Uint8Array(width * height * 4), strideBytes: width * 4, width, height };
    this.onCursor = source?.onCursor ?? new Emitter<CursorShape>().event;
    source?.onGone((reason) => this.#end(reason));
    void this.#readPictures();
  }

  get onChange(): Event<number> {
    return this.#changes.event;
  }

  get onGone(): Event<GoneReason> {
    return this.#gone.event;
  }

  invalidate(): void {
    if (this.#ended || this.#closed) return;
    this.#whole = true;
    this.#report(monotonicUs());
  }

  grab(): Grab | undefined {
    if (this.#ended || this.#closed) return undefined;
    const grabStartUs = monotonicUs();
    const changeUs = this.#changeUs ?? grabStartUs;
    this.#changeUs = undefined;
    this.#reported = false;
    const all: Rect = { x: 0, y: 0, width: this.width, height: this.height };
    const rects = this.#whole ? [all] : differingRects(this.#kept, this.#newest, MAX_GRAB_RECTS);
    this.#whole = false;
    if (rects.length === 0) return undefined;
    copyRows(this.#newest, this.#kept, rects);
    return { buffer: this.#kept, rects, changeUs, grabStartUs, grabEndUs: monotonicUs() };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#changes.close();
    this.#gone.close();
    this.#source?.close();
  }

  /** Owns the device: it is closed here, when no read is under way any more. */
  async #readPictures(): Promise<void> {
    try {
      while (!this.#closed && !this.#ended) {
        const picture = await this.#device.read();
        if (this.#closed || this.#ended) break;
        if (picture === undefined) this.#end("failed");
        else if (picture.width !== this.width || picture.height !== this.height) this.#end("resized");
        else this.#take(picture);
      }
    } catch {
      this.#end("failed");
    } finally {
      this.#ended = true;
      this.#device.close();
    }
  }

  #take(picture: PixelBuffer): void {
    this.#newest = picture;
    if (!this.#reported && differs(this.#kept, picture)) this.#report(monotonicUs());
  }

  #report(changeUs: number): void {
    this.#changeUs ??= changeUs;
    this.#reported = true;
    this.#changes.emit(changeUs);
  }

  #end(reason: GoneReason): void {
    if (this.#ended) return;
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
