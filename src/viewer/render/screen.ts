import { type Closable, describeError, type Rect } from "../../base/index.ts";
import type { DecodedPicture } from "../decode/index.ts";
import { DamageBacklog } from "./damage-backlog.ts";
import type { Painter, PainterName, PainterReport, PainterTiming, PictureSize } from "./painter.ts";
import { fastestPainter, openPainter, paintersFor, rendererName, timePainters } from "./painters.ts";

/** A picture that is on the canvas now. Its image is closed already. */
export type Shown = {
  readonly picture: DecodedPicture["picture"];
  readonly receivedUs: number;
  readonly decodedUs: number;
  readonly decodeUs: number;
  readonly drawUs: number;
  readonly presentedUs: number;
};

export type ScreenOptions = {
  readonly nowUs: () => number;
  /** Painter asked for by the person; no trial then. */
  readonly forced: PainterName | undefined;
  /** Outcome of an earlier trial in this browser: used at once, its renderer is checked later. */
  readonly remembered:
    | { readonly painter: PainterName; readonly renderer: string; readonly timings: readonly PainterTiming[] }
    | undefined;
  readonly onShown: (shown: Shown) => void;
  /** A canvas cannot change its kind of context, so another painter needs another canvas: answer with `addCanvas`. */
  readonly onCanvasNeeded: () => void;
  /** The canvas with this id holds the picture. */
  readonly onCanvasReady: (id: number) => void;
  readonly onReport: (report: PainterReport) => void;
  /** The picture was lost with its painter: a keyframe is needed to paint it again. */
  readonly onPictureLost: () => void;
};

const RENDERER_CHECK_MS = 3000;

/**
 * Puts pictures on the canvas, the newest wins. The first picture is painted at once by the likeliest painter; the
 * painters are then timed on it, and when another one is faster it takes over on a canvas of its own.
 */
export class Screen implements Closable {
  readonly #options: ScreenOptions;
  readonly #backlog = new DamageBacklog();
  readonly #later = new MessageChannel();
  readonly #failed = new Set<PainterName>();
  #spare: { canvas: OffscreenCanvas; id: number } | undefined;
  #painter: Painter | undefined;
  #name: PainterName;
  #pending: DecodedPicture | undefined;
  #painting = false;
  #trial: "wanted" | "running" | "done";
  #timings: readonly PainterTiming[];
  #renderer: string;
  #reason: string;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  #skipped = 0;
  #closed = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { forced, remembered } = options;
    this.#name = forced ?? remembered?.painter ?? "copy";
    this.#trial = forced === undefined && remembered === undefined ? "wanted" : "done";
    this.#timings = remembered?.timings ?? [];
    this.#renderer = remembered?.renderer ?? "unknown";
    this.#reason =
      forced !== undefined
        ? "Asked for in the page's address."
        : remembered !== undefined
          ? "The fastest of an earlier visit with this browser and renderer."
          : "The first picture; the painters are being timed.";
    this.#later.port1.onmessage = () => void this.#paintPending();
  }

  /** Pictures that were replaced by a newer one before they were painted. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Size of the kept picture, undefined before the first. */
  get size(): PictureSize | undefined {
    return this.#painter === undefined
      ? undefined
      : { width: this.#painter.canvas.width, height: this.#painter.canvas.height };
  }

  addCanvas(canvas: OffscreenCanvas, id: number): void {
    this.#spare = { canvas, id };
    if (!this.#painting) this.#useSpare();
    if (this.#pending !== undefined) void this.#paintPending();
  }

  /** The next picture belongs to another stream: it replaces the kept one completely, in the moment it is painted. */
  startStream(): void {
    this.#backlog.addWhole();
    this.#pending?.image.close();
    this.#pending = undefined;
  }

  /** Takes ownership of the image. `inFlight` pictures are still being decoded behind it. */
  present(decoded: DecodedPicture, inFlight: number): void {
    if (this.#closed) {
      decoded.image.close();
      return;
    }
    this.#backlog.add(decoded.rects);
    if (this.#pending !== undefined) {
      this.#pending.image.close();
      this.#skipped += 1;
    }
    this.#pending = decoded;
    if (this.#painting) return;
    // With more behind it, a task's delay lets a newer picture replace this one instead of queueing behind its paint.
    if (inFlight > 1) this.#later.port2.postMessage(undefined);
    else void this.#paintPending();
  }

  /** R G B A of a rectangle of the kept picture, clipped away where it lies outside. Throws without a picture. */
  readPixels(rect: Rect): Uint8ClampedArray<ArrayBuffer> {
    const painter = this.#painter;
    if (painter === undefined) throw new RangeError("There is no picture to read pixels from.");
    const fits = rect.x >= 0 && rect.y >= 0 && rect.width > 0 && rect.height > 0;
    if (!fits || rect.x + rect.width > painter.canvas.width || rect.y + rect.height > painter.canvas.height) {
      throw new RangeError(`The rectangle does not fit the ${painter.canvas.width}x${painter.canvas.height} picture.`);
    }
    return painter.readPixels(rect);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#checkTimer);
    this.#pending?.image.close();
    this.#pending = undefined;
    this.#painter?.close();
    this.#later.port1.close();
  }

  async #paintPending(): Promise<void> {
    if (this.#painting || (this.#painter === undefined && this.#spare === undefined)) return;
    this.#painting = true;
    while (this.#pending !== undefined && !this.#closed) {
      const decoded = this.#pending;
      this.#pending = undefined;
      try {
        const painting = this.#paint(decoded);
        // Only a painter that really waits may cost a turn of the event loop.
        if (painting !== undefined) await painting;
      } catch (error) {
        this.#painterFailed(describeError(error));
      } finally {
        decoded.image.close();
      }
    }
    this.#painting = false;
    this.#useSpare();
  }

  #paint(decoded: DecodedPicture): Promise<void> | undefined {
    const { image } = decoded;
    const startedUs = this.#options.nowUs();
    const painter = this.#painter ?? this.#openFirst(image);
    const size = imageSize(image);
    if (size.width !== painter.canvas.width || size.height !== painter.canvas.height) this.#backlog.addWhole();
    const painting = painter.paint(image, this.#backlog.take(size.width, size.height), size);
    if (painting === undefined) {
      this.#painted(decoded, startedUs);
      return undefined;
    }
    return painting.then(() => this.#painted(decoded, startedUs));
  }

  #painted(decoded: DecodedPicture, startedUs: number): void {
    const { picture, receivedUs, decodedUs, decodeUs } = decoded;
    const presentedUs = this.#options.nowUs();
    this.#options.onShown({ picture, receivedUs, decodedUs, decodeUs, drawUs: presentedUs - startedUs, presentedUs });
    if (this.#trial === "wanted") {
      this.#trial = "running";
      if ("clone" in decoded.image) void this.#runTrial(decoded.image.clone());
      else void createImageBitmap(decoded.image).then((copy) => this.#runTrial(copy));
    }
  }

  #openFirst(image: VideoFrame | ImageBitmap): Painter {
    const spare = this.#spare;
    if (spare === undefined) throw new Error("There is no canvas to paint on.");
    this.#spare = undefined;
    const usable = paintersFor(image).filter((name) => !this.#failed.has(name));
    if (!usable.includes(this.#name)) this.#name = usable[0] ?? "draw";
    this.#painter = openPainter(this.#name, spare.canvas);
    this.#backlog.addWhole();
    this.#options.onCanvasReady(spare.id);
    this.#report();
    if (this.#trial === "done" && this.#options.forced === undefined) {
      this.#checkTimer = setTimeout(() => this.#checkRenderer(), RENDERER_CHECK_MS);
    }
    return this.#painter;
  }

  /** Moves the kept picture to the waiting canvas, when that is for another painter than the one in use. */
  #useSpare(): void {
    const old = this.#painter;
    const spare = this.#spare;
    if (old === undefined || spare === undefined || old.name === this.#name) return;
    this.#spare = undefined;
    try {
      const next = openPainter(this.#name, spare.canvas);
      next.adopt(old.canvas);
      this.#painter = next;
    } catch (error) {
      this.#failed.add(this.#name);
      this.#name = old.name;
      this.#reason = `A faster painter failed: ${describeError(error)}`;
      this.#report();
      return;
    }
    this.#options.onCanvasReady(spare.id);
    old.close();
    this.#report();
  }

  #painterFailed(reason: string): void {
    this.#failed.add(this.#name);
    this.#painter?.close();
    this.#painter = undefined;
    this.#backlog.addWhole();
    const next = (["copy", "draw", "webgl"] as const).find((name) => !this.#failed.has(name));
    // Every painter failed once, for example with the graphics process: all get another chance.
    if (next === undefined) this.#failed.clear();
    this.#reason = `The painter "${this.#name}" failed: ${reason}`;
    this.#name = next ?? "copy";
    this.#options.onCanvasNeeded();
    this.#options.onPictureLost();
  }

  async #runTrial(image: VideoFrame | ImageBitmap): Promise<void> {
    try {
      this.#timings = await timePainters(image, imageSize(image), nextTask);
      this.#renderer = rendererName();
    } finally {
      image.close();
    }
    if (this.#closed) return;
    this.#trial = "done";
    const fastest = fastestPainter(this.#timings, this.#name);
    this.#reason = "The fastest of all painters, timed on real pictures of this stream.";
    if (fastest === this.#name) {
      this.#report();
      return;
    }
    this.#name = fastest;
    this.#options.onCanvasNeeded();
  }

  #checkRenderer(): void {
    if (rendererName() === this.#renderer) return;
    this.#trial = "wanted";
  }

  #report(): void {
    const settled = this.#trial === "done" && this.#timings.length > 0 && this.#options.forced === undefined;
    this.#options.onReport({
      painter: this.#name,
      reason: this.#reason,
      renderer: this.#renderer,
      timings: this.#timings,
      settled,
    });
  }
}

/** What is drawn has the visible size of a frame; its coded size may be larger. */
function imageSize(image: VideoFrame | ImageBitmap): PictureSize {
  if ("visibleRect" in image) {
    return {
      width: image.visibleRect?.width ?? image.codedWidth,
      height: image.visibleRect?.height ?? image.codedHeight,
    };
  }
  return { width: image.width, height: image.height };
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
