import { Measurements } from "../base/index.ts";
import type { Performance, SentPixels } from "../protocol/index.ts";

/** Times and size of one picture, microseconds and bytes. */
export type PictureCost = {
  readonly waitUs: number;
  readonly grabUs: number;
  readonly convertUs: number;
  readonly encodeUs: number;
  readonly bytes: number;
};

const NO_PIXELS: SentPixels = { tiles: 0, coarse: 0, copies: 0, video: 0, refined: 0 };

/** Measures one rung over an interval and tells its performance. */
export class RungMeter {
  readonly #wait = new Measurements(128);
  readonly #grab = new Measurements(128);
  readonly #convert = new Measurements(128);
  readonly #encode = new Measurements(128);
  #startUs: number;
  #pictures = 0;
  #bytes = 0;
  #deferred = 0;
  #failed = 0;
  #pixelsBefore: SentPixels = NO_PIXELS;

  constructor(nowUs: number) {
    this.#startUs = nowUs;
  }

  picture(cost: PictureCost): void {
    this.#wait.add(cost.waitUs);
    this.#grab.add(cost.grabUs);
    this.#convert.add(cost.convertUs);
    this.#encode.add(cost.encodeUs);
    this.#pictures += 1;
    this.#bytes += cost.bytes;
  }

  /** A change had to wait for credit or pace and was folded into a later picture. */
  deferred(): void {
    this.#deferred += 1;
  }

  failed(): void {
    this.#failed += 1;
  }

  /**
   * What was measured since the last call, or undefined when nothing happened. Starts a new interval. `pixels` are all that
   * were sent since the start.
   */
  take(
    nowUs: number,
    about: Pick<Performance, "backend" | "encoder" | "encoderReason" | "width" | "height">,
    pixels?: SentPixels,
  ): Performance | undefined {
    const seconds = (nowUs - this.#startUs) / 1e6;
    if (this.#pictures === 0 && this.#failed === 0) {
      this.#startUs = nowUs;
      return undefined;
    }
    const performance = {
      ...about,
      fps: this.#pictures / seconds,
      bitrateBps: (this.#bytes * 8) / seconds,
      waitUs: this.#wait.summary().p50,
      grabUs: this.#grab.summary().p50,
      convertUs: this.#convert.summary().p50,
      encodeUs: this.#encode.summary().p50,
      deferred: this.#deferred,
      failed: this.#failed,
      ...(pixels === undefined ? {} : { pixels: difference(pixels, this.#pixelsBefore) }),
    };
    if (pixels !== undefined) this.#pixelsBefore = { ...pixels };
    for (const measurements of [this.#wait, this.#grab, this.#convert, this.#encode]) measurements.clear();
    this.#startUs = nowUs;
    this.#pictures = 0;
    this.#bytes = 0;
    this.#deferred = 0;
    this.#failed = 0;
    return performance;
  }
}

function difference(now: SentPixels, before: SentPixels): SentPixels {
  return {
    tiles: now.tiles - before.tiles,
    coarse: now.coarse - before.coarse,
    copies: now.copies - before.copies,
    video: now.video - before.video,
    refined: now.refined - before.refined,
  };
}
