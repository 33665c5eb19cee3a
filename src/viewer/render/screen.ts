import { type Closable, describeError, type Rect } from "../../base/index.ts";
import type { DecodedImage, DecodedPicture, DecodedTiles } from "../decode/index.ts";
import { rendererName } from "../gpu/index.ts";
import { DamageBacklog } from "./damage-backlog.ts";
import { FramePort } from "./frame-port.ts";
import {
  PAINTER_NAMES,
  type Painter,
  type PainterName,
  type PainterReport,
  type PainterTiming,
  type PictureSize,
} from "./painter.ts";
import { choosePainter, openPainter, paintersFor, timePainters } from "./painters.ts";

/** A picture that is on the canvas now. Its image is closed already. */
export type Shown = Pick<DecodedPicture, "picture" | "receivedUs" | "decodeUs"> & {
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

/** Waiting work: an image with the damage of those it replaced, or tiles, which cannot be replaced. */
type Pending = { readonly decoded: DecodedImage; readonly damage: DamageBacklog } | { readonly decoded: DecodedTiles };

const RENDERER_CHECK_MS = 3000;
/** More waiting pictures than any credit allows; the kept picture is then given up and asked for anew. */
const MAX_PENDING = 64;

/**
 * Puts pictures on the canvas, the newest wins. The first picture is painted at once by the likeliest painter; the
 * painters are then timed on it, and when another one is faster it takes over on a canvas of its own.
 */
export class Screen implements Closable {
  readonly #options: ScreenOptions;
  readonly #later = new MessageChannel();
  readonly #failed = new Set<PainterName>();
  #spare: { canvas: OffscreenCanvas; id: number } | undefined;
  #painter: Painter | undefined;
  #name: PainterName;
  #pending: Pending[] = [];
  /** The next image replaces the kept picture completely. */
  #whole = true;
  #painting = false;
  #trial: "wanted" | "running" | "done";
  #timings: readonly PainterTiming[];
  #renderer: string;
  #reason: string;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  #skipped = 0;
  #frames: FramePort | undefined;
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
          : "The likeliest one. All are timed with the first picture that is video.";
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
    void this.#paintPending();
  }

  /** The next picture belongs to another stream: it replaces the kept one completely, in the moment it is painted. */
  startStream(): void {
    this.#whole = true;
    this.#dropPending();
  }

  /**
   * Takes ownership of the picture. Of images in a row the newest is painted; tiles are exact and painted all, in order.
   * `inFlight` pictures are still being decoded behind it.
   */
  present(decoded: DecodedPicture, inFlight: number): void {
    if (this.#closed) {
      closeImage(decoded);
      return;
    }
    if (decoded.kind === "tiles") this.#pending.push({ decoded });
    else this.#addImage(decoded);
    if (this.#pending.length > MAX_PENDING) {
      this.startStream();
      this.#options.onPictureLost();
    }
    if (this.#painting) return;
    // With more behind it, a task's delay lets a newer picture replace this one instead of queueing behind its paint.
    if (inFlight > 1) this.#later.port2.postMessage(undefined);
    else void this.#paintPending();
  }

  /** Sends a copy of what is painted to a port, too; undefined ends that. */
  sendFrames(port: MessagePort | undefined): void {
    this.#frames?.close();
    this.#frames = port === undefined ? undefined : new FramePort(port, () => this.#painter?.canvas);
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
    this.#dropPending();
    this.#painter?.close();
    this.#frames?.close();
    this.#later.port1.close();
  }

  #addImage(decoded: DecodedImage): void {
    const last = this.#pending.at(-1);
    // An image of another part of the picture does not have what this one shows.
    if (last === undefined || !("damage" in last) || !isSameWindow(last.decoded, decoded)) {
      const damage = new DamageBacklog();
      damage.add(decoded.rects);
      this.#pending.push({ decoded, damage });
      return;
    }
    last.decoded.image.close();
    this.#skipped += 1;
    last.damage.add(decoded.rects);
    this.#pending[this.#pending.length - 1] = { decoded, damage: last.damage };
  }

  #dropPending(): void {
    for (const { decoded } of this.#pending) closeImage(decoded);
    this.#pending = [];
  }

  async #paintPending(): Promise<void> {
    if (this.#painting || (this.#painter === undefined && this.#spare === undefined)) return;
    this.#painting = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      try {
        const painting = this.#paint(next);
        // Only a painter that really waits may cost a turn of the event loop.
        if (painting !== undefined) await painting;
      } catch (error) {
        this.#painterFailed(describeError(error));
      } finally {
        closeImage(next.decoded);
      }
    }
    this.#painting = false;
    this.#useSpare();
  }

  #paint(pending: Pending): Promise<void> | undefined {
    const { decoded } = pending;
    const startedUs = this.#options.nowUs();
    const { width, height } = decoded.picture;
    if (!("damage" in pending)) {
      this.#paintTiles(pending.decoded, { width, height });
      this.#painted(decoded, startedUs);
      return undefined;
    }
    const { image, picture } = pending.decoded;
    const whole = { x: 0, y: 0, width, height };
    const window = picture.window ?? whole;
    const painter = this.#painter ?? this.#openFirst(paintersFor(image));
    if (width !== painter.canvas.width || height !== painter.canvas.height) this.#whole = true;
    if (this.#whole && picture.window !== undefined) {
      // A part of a picture that is not there.
      this.#options.onPictureLost();
      this.#painted(decoded, startedUs);
      return undefined;
    }
    const rects = this.#whole ? [whole] : pending.damage.within(window);
    this.#whole = false;
    const painting = painter.paint(image, rects, window, { width, height });
    if (painting === undefined) {
      this.#painted(decoded, startedUs);
      return undefined;
    }
    return painting.then(() => this.#painted(decoded, startedUs));
  }

  #paintTiles({ picture, operations }: DecodedTiles, size: PictureSize): void {
    const fits = this.#painter?.canvas.width === size.width && this.#painter.canvas.height === size.height;
    if (!picture.keyframe && (!fits || this.#whole)) {
      // Tiles that change a part of a picture that is not there.
      this.#options.onPictureLost();
      return;
    }
    const painter = this.#painter ?? this.#openFirst(PAINTER_NAMES);
    if (!fits) painter.resize(size);
    if (picture.keyframe) this.#whole = false;
    for (const operation of operations) {
      if (operation.kind === "put") painter.put(operation.rect, operation.pixels);
      else painter.move(operation.from, operation.to);
    }
  }

  #painted(decoded: DecodedPicture, startedUs: number): void {
    const { picture, receivedUs, decodeUs } = decoded;
    const presentedUs = this.#options.nowUs();
    this.#frames?.changed();
    this.#options.onShown({ picture, receivedUs, decodeUs, drawUs: presentedUs - startedUs, presentedUs });
    if (this.#trial !== "wanted" || decoded.kind !== "image") return;
    this.#trial = "running";
    const { image } = decoded;
    const { width, height } = picture.window ?? picture;
    const size = { width, height };
    if ("clone" in image) void this.#runTrial(image.clone(), size);
    else void createImageBitmap(image).then((copy) => this.#runTrial(copy, size));
  }

  #openFirst(candidates: readonly PainterName[]): Painter {
    const spare = this.#spare;
    if (spare === undefined) throw new Error("There is no canvas to paint on.");
    this.#spare = undefined;
    const usable = candidates.filter((name) => !this.#failed.has(name));
    if (!usable.includes(this.#name)) this.#name = usable[0] ?? "draw";
    this.#painter = openPainter(this.#name, spare.canvas);
    this.#whole = true;
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
    this.#whole = true;
    this.#dropPending();
    const next = (["copy", "draw", "webgl"] as const).find((name) => !this.#failed.has(name));
    // Every painter failed once, for example with the graphics process: all get another chance.
    if (next === undefined) this.#failed.clear();
    this.#reason = `The painter "${this.#name}" failed: ${reason}`;
    this.#name = next ?? "copy";
    this.#options.onCanvasNeeded();
    this.#options.onPictureLost();
  }

  async #runTrial(image: VideoFrame | ImageBitmap, size: PictureSize): Promise<void> {
    try {
      this.#timings = await timePainters(image, size, nextTask);
      this.#renderer = rendererName();
    } finally {
      image.close();
    }
    if (this.#closed) return;
    this.#trial = "done";
    const { painter: chosen, reason } = choosePainter(this.#timings, this.#name, this.#renderer);
    this.#reason = reason;
    if (chosen === this.#name) {
      this.#report();
      return;
    }
    this.#name = chosen;
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

function isSameWindow({ picture: a }: DecodedImage, { picture: b }: DecodedImage): boolean {
  const [one, other] = [a.window, b.window];
  if (one === undefined || other === undefined) return one === other;
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

function closeImage(decoded: DecodedPicture): void {
  if (decoded.kind === "image") decoded.image.close();
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
