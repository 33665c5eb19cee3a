import type { Closable } from "../../../base/index.ts";
import type { Picture } from "../../../protocol/index.ts";
import type { DecodedImage } from "../../decode/index.ts";
import type { Screen } from "../../render/index.ts";

/** Between two pictures further apart than this nothing is invented. */
const MAX_FADE_MS = 1000;
/** Pictures closer than this need none in between. */
const MIN_FADE_MS = 24;
const STEP_MS = 1000 / 50;

type Fade = {
  readonly to: DecodedImage;
  readonly inFlight: number;
  readonly startedUs: number;
  readonly lastsUs: number;
};

/**
 * Fades each picture into the next over the time between them, so that slow video looks even. The next one is therefore
 * complete one interval later than it could be.
 */
export class CrossFade implements Closable {
  readonly #screen: Screen;
  readonly #nowUs: () => number;
  readonly #invented: WeakSet<Picture>;
  /** The picture that fades away, and the mix of both. */
  readonly #from = contextOf(new OffscreenCanvas(1, 1));
  readonly #mix = contextOf(new OffscreenCanvas(1, 1));
  #hasFrom = false;
  #fade: Fade | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastUs: number | undefined;
  #meanMs = 0;

  /** Adds the pictures that nobody took to `invented`. */
  constructor(screen: Screen, nowUs: () => number, invented: WeakSet<Picture>) {
    this.#screen = screen;
    this.#nowUs = nowUs;
    this.#invented = invented;
  }

  /** How much later a picture is complete, on average. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** Takes ownership of the picture. */
  show(decoded: DecodedImage, inFlight: number): void {
    this.finish();
    const nowUs = this.#nowUs();
    const lastsMs = this.#lastUs === undefined ? 0 : (nowUs - this.#lastUs) / 1000;
    this.#lastUs = nowUs;
    const fades = this.#hasFrom && this.#fits(decoded) && lastsMs >= MIN_FADE_MS && lastsMs <= MAX_FADE_MS;
    this.#meanMs += ((fades ? lastsMs : 0) - this.#meanMs) / 8;
    this.#fade = { to: decoded, inFlight, startedUs: nowUs, lastsUs: fades ? lastsMs * 1000 : 0 };
    this.#step();
  }

  /** Shows the picture that is on its way completely. */
  finish(): void {
    const fade = this.#fade;
    if (fade === undefined) return;
    clearTimeout(this.#timer);
    this.#fade = undefined;
    const { canvas } = this.#from;
    const { image, picture } = fade.to;
    if (!this.#fits(fade.to)) Object.assign(canvas, { width: picture.width, height: picture.height });
    this.#from.drawImage(image, 0, 0, canvas.width, canvas.height);
    this.#hasFrom = true;
    this.#screen.present({ ...fade.to, rects: [wholeOf(picture)] }, fade.inFlight);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#fade?.to.image.close();
    this.#fade = undefined;
  }

  #step(): void {
    const fade = this.#fade;
    if (fade === undefined) return;
    const part = fade.lastsUs === 0 ? 1 : (this.#nowUs() - fade.startedUs) / fade.lastsUs;
    if (part >= 1) {
      this.finish();
      return;
    }
    if (part > 0) this.#mixIn(fade, part);
    this.#timer = setTimeout(() => this.#step(), STEP_MS);
  }

  #mixIn({ to }: Fade, part: number): void {
    const { width, height } = this.#from.canvas;
    const { canvas } = this.#mix;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#mix.globalAlpha = 1;
    this.#mix.drawImage(this.#from.canvas, 0, 0);
    this.#mix.globalAlpha = part;
    this.#mix.drawImage(to.image, 0, 0, width, height);
    const picture = { ...to.picture, keyframe: false, rects: [wholeOf(to.picture)] };
    this.#invented.add(picture);
    const image = new VideoFrame(canvas, { timestamp: 0 });
    this.#screen.present({ ...to, picture, rects: picture.rects, image }, 0);
  }

  #fits({ picture }: DecodedImage): boolean {
    const { width, height } = this.#from.canvas;
    return picture.width === width && picture.height === height;
  }
}

function wholeOf({ width, height }: Picture): { x: number; y: number; width: number; height: number } {
  return { x: 0, y: 0, width, height };
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("This browser gives no 2D canvas in a worker.");
  return context;
}
