import type { PictureKind } from "../../protocol/index.ts";
import type { Content } from "../governor/index.ts";

/** What was seen counts half after this long. */
const HALF_LIFE_US = 500_000;
/** What moves changes its name no sooner than this after the last time: the encoder is opened anew for it. */
const HOLD_US = 2_000_000;
/** Motion is what takes this many times the bytes of tiles; text is what takes less than an equal share. */
const MOTION_FACTOR = 2;

/** Whether a rung carries text or motion: by which kind of picture takes most of its bytes. */
export class ContentWatch {
  #kind: Content = "text";
  #videoBytes = 0;
  #tileBytes = 0;
  #atUs = 0;
  #changedUs = Number.NEGATIVE_INFINITY;

  get kind(): Content {
    return this.#kind;
  }

  add(kind: PictureKind, bytes: number, nowUs: number): void {
    const fade = 0.5 ** (Math.max(0, nowUs - this.#atUs) / HALF_LIFE_US);
    this.#atUs = nowUs;
    this.#videoBytes = this.#videoBytes * fade + (kind === "tiles" ? 0 : bytes);
    this.#tileBytes = this.#tileBytes * fade + (kind === "tiles" ? bytes : 0);
    const isMotion = this.#videoBytes > this.#tileBytes * (this.#kind === "motion" ? 1 : MOTION_FACTOR);
    if (isMotion === (this.#kind === "motion") || nowUs - this.#changedUs < HOLD_US) return;
    this.#kind = isMotion ? "motion" : "text";
    this.#changedUs = nowUs;
  }
}
