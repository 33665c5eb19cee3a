import { Backoff } from "../../base/index.ts";
import type { Ack } from "../../protocol/index.ts";
import type { Governor, InFlight } from "../governor/index.ts";
import type { HubCounters, ViewerPort } from "../ports.ts";
import { type Acked, CreditWindow, PASSTHROUGH_OVERRUN } from "./credit-window.ts";
import { presentedTimes, type SentPicture, SentPictures } from "./sent-pictures.ts";

/** A viewer that keeps falling behind asks for keyframes ever less often, since everybody pays for them. */
const RESYNC_BASE_MS = 500;
const RESYNC_CAP_MS = 4000;
const RESYNC_RESET_US = 10_000_000;

/** A viewer that cannot decode what it is given again and again is given it this often at most. */
const REPLAY_INTERVAL_US = 1_000_000;

/** The distance is measured this often at most. */
const PING_INTERVAL_US = 300_000;

/** One viewer of one rung: its credits, and whether what it has decodes the next picture. */
export class Subscriber {
  readonly viewer: ViewerPort;
  /** The viewer's number of the subscription. */
  readonly watch: number;
  /** Decides how much it gets; it goes with the viewer from rung to rung. */
  readonly governor: Governor;
  readonly #counters: HubCounters;
  readonly #resync = new Backoff({ baseMs: RESYNC_BASE_MS, capMs: RESYNC_CAP_MS, random: Math.random });
  #credits: CreditWindow;
  #sent = new SentPictures();
  #bursts = false;
  #replayedUs = Number.NEGATIVE_INFINITY;
  #synced = false;
  readonly #nowUs: () => number;
  #pingedUs = Number.NEGATIVE_INFINITY;
  #begun = false;
  #resyncing = false;
  #lastDropUs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(options: {
    viewer: ViewerPort;
    watch: number;
    governor: Governor;
    fps: number;
    counters: HubCounters;
    nowUs: () => number;
  }) {
    this.#nowUs = options.nowUs;
    this.viewer = options.viewer;
    this.governor = options.governor;
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

  /** Pictures that may be in flight to it now, those that are included. */
  get windowSize(): number {
    return this.#credits.pictures;
  }

  get inFlight(): InFlight {
    return { bytes: this.#credits.bytesInFlight, oldestSentUs: this.#credits.oldestSentUs };
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
    this.#sent = new SentPictures();
    this.#replayedUs = Number.NEGATIVE_INFINITY;
    this.expectBursts(this.#bursts);
    this.desynchronize();
  }

  /** Whether pictures come that nobody can hold back, each of which needs the one before it. */
  expectBursts(bursts: boolean): void {
    this.#bursts = bursts;
    this.#credits.allowOverrun(bursts ? PASSTHROUGH_OVERRUN : undefined);
  }

  /** Bounds what is in flight by what its path carries now. */
  adjustWindow(nowUs: number): void {
    this.#credits.limitBytes(this.governor.windowBytes(nowUs));
  }

  /** What the viewer has no longer decodes the next picture. */
  desynchronize(): void {
    this.#synced = false;
  }

  /** Sends the picture if the viewer can take it and has what came before it, or needs nothing before it. */
  offer(message: Uint8Array, picture: Omit<SentPicture, "sentUs"> & { keyframe: boolean }, nowUs: number): void {
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
    if (this.#credits.inFlight === 0) this.#pingPath();
    this.#credits.sent(picture.sequence, message.byteLength, nowUs);
    this.#sent.add({ ...picture, sentUs: nowUs });
    this.#synced = true;
    this.#resyncing = false;
    this.viewer.deliver(message);
    this.#counters.pictureSent(message.byteLength);
  }

  /**
   * Sends what was kept since a keyframe, up to the picture of `sequence`. It is in flight as one, and its age says nothing
   * about the path. Does nothing where that would be too much or too soon after the last time.
   */
  replay(messages: readonly Uint8Array[], sequence: number, nowUs: number): void {
    const isDue = nowUs - this.#replayedUs >= REPLAY_INTERVAL_US || !this.#begun;
    if (messages.length === 0 || !isDue || !this.#credits.takesMore || !this.viewer.takesPictures) return;
    this.#replayedUs = nowUs;
    this.#begun = true;
    if (this.#credits.inFlight === 0) this.#pingPath();
    this.#credits.sent(
      sequence,
      messages.reduce((sum, { byteLength }) => sum + byteLength, 0),
      nowUs,
    );
    this.#synced = true;
    for (const message of messages) {
      this.viewer.deliver(message);
      this.#counters.pictureSent(message.byteLength);
    }
  }

  /** Takes an ack. Returns what it covered; undefined for one that gives no credit back. */
  acked(ack: Ack, nowUs: number): Acked | undefined {
    const acked = this.#credits.acked(ack.sequence, nowUs);
    if (acked !== undefined) {
      const refinement = this.#sent.get(ack.sequence)?.refinement ?? false;
      this.governor.acked({ ...acked, refinement, workUs: ack.decodeUs + ack.drawUs }, nowUs);
      this.adjustWindow(nowUs);
    }
    if (ack.stage === "presented") this.#presented(ack, nowUs);
    return acked;
  }

  /** How long to wait before asking for the keyframe that ends a time of being behind; undefined when that was done. */
  resyncDelayMs(nowUs: number): number | undefined {
    if (this.#resyncing) return undefined;
    this.#resyncing = true;
    if (nowUs - this.#lastDropUs > RESYNC_RESET_US) this.#resync.reset();
    return this.#resync.nextDelayMs();
  }

  #presented(ack: Ack, nowUs: number): void {
    const sent = this.#sent.take(ack.sequence);
    if (sent === undefined || sent.refinement) return;
    const times = presentedTimes(sent, ack, this.governor.path.roundTripUs, nowUs);
    this.governor.presented(times, sent.sentUs, nowUs);
  }

  /** With nothing in flight the answer takes as long as the distance, whatever pictures take. */
  #pingPath(): void {
    const nowUs = this.#nowUs();
    if (nowUs - this.#pingedUs < PING_INTERVAL_US) return;
    this.#pingedUs = nowUs;
    this.viewer.ping?.(() => {
      const answeredUs = this.#nowUs();
      this.governor.path.pinged(answeredUs - nowUs, answeredUs);
    });
  }

  #drop(): void {
    this.#dropped += 1;
    this.#counters.pictureDropped();
  }
}
