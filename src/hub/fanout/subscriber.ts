import { Backoff } from "../../base/index.ts";
import type { HubCounters, ViewerPort } from "../ports.ts";
import { CreditWindow } from "./credit-window.ts";

/** A viewer that keeps falling behind asks for keyframes ever less often, since everybody pays for them. */
const RESYNC_BASE_MS = 500;
const RESYNC_CAP_MS = 4000;
const RESYNC_RESET_US = 10_000_000;

/** One viewer of one rung: its credits, and whether what it has decodes the next picture. */
export class Subscriber {
  readonly viewer: ViewerPort;
  /** The viewer's number of the subscription. */
  readonly watch: number;
  readonly #counters: HubCounters;
  readonly #resync = new Backoff({ baseMs: RESYNC_BASE_MS, capMs: RESYNC_CAP_MS, random: Math.random });
  #credits: CreditWindow;
  #synced = false;
  #begun = false;
  #resyncing = false;
  #lastDropUs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(options: { viewer: ViewerPort; watch: number; fps: number; counters: HubCounters }) {
    this.viewer = options.viewer;
    this.watch = options.watch;
    this.#counters = options.counters;
    this.#credits = new CreditWindow(options.fps);
  }

  /** Pictures that were not sent because the viewer was behind. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Pictures that it can take now. */
  get free(): number {
    return this.viewer.takesPictures ? this.#credits.free : 0;
  }

  get windowSize(): number {
    return this.#credits.size;
  }

  get oldestSentUs(): number | undefined {
    return this.#credits.oldestSentUs;
  }

  /** It cannot show the rung's newest picture until it gets a keyframe. */
  get waitsForKeyframe(): boolean {
    return !this.#synced;
  }

  /** Begins anew: the rung's stream was opened again. Credits of the old stream are void. */
  restart(fps: number): void {
    this.#credits = new CreditWindow(fps);
    this.desynchronize();
  }

  /** What the viewer has no longer decodes the next picture. */
  desynchronize(): void {
    this.#synced = false;
  }

  /** Sends the picture if the viewer can take it and has what came before it, or needs nothing before it. */
  offer(message: Uint8Array, picture: { sequence: number; keyframe: boolean }, nowUs: number): void {
    if (!this.#synced && !picture.keyframe) {
      // Before its first picture a viewer has missed nothing.
      if (this.#begun) this.#drop();
      return;
    }
    if (!this.#credits.takesMore || !this.viewer.takesPictures) {
      this.#drop();
      this.#resyncing = false;
      this.#lastDropUs = nowUs;
      this.#synced = false;
      return;
    }
    this.#begun = true;
    this.#credits.sent(picture.sequence, nowUs);
    this.#synced = true;
    this.#resyncing = false;
    this.viewer.deliver(message);
    this.#counters.pictureSent(message.byteLength);
  }

  /** Takes an ack. Returns the number of credits that came back. */
  acked(sequence: number, nowUs: number): number {
    return this.#credits.acked(sequence, nowUs);
  }

  /** How long to wait before asking for the keyframe that ends a time of being behind; undefined when that was done. */
  resyncDelayMs(nowUs: number): number | undefined {
    if (this.#resyncing) return undefined;
    this.#resyncing = true;
    if (nowUs - this.#lastDropUs > RESYNC_RESET_US) this.#resync.reset();
    return this.#resync.nextDelayMs();
  }

  #drop(): void {
    this.#dropped += 1;
    this.#counters.pictureDropped();
  }
}
