import { Backoff, type Closable, describeError } from "../../../base/index.ts";
import type { Codec, HubMessage, SourceInfo } from "../../../protocol/index.ts";
import type { HubConnection } from "../../link/index.ts";
import { type PainterName, Screen, type Shown } from "../../render/index.ts";
import type { DisplayMode, TileReport, TileWish } from "../messages.ts";
import { Feed, type FeedLimits } from "./feed.ts";
import { PacedScreen } from "./paced-screen.ts";
import { PictureRate } from "./picture-rate.ts";

export type WallTileOptions = {
  readonly path: string;
  readonly connection: HubConnection;
  readonly painter: PainterName;
  readonly nowUs: () => number;
  readonly nextWatch: () => number;
  readonly onCanvasNeeded: () => void;
  readonly onCanvasReady: (id: number) => void;
  /** Its report is another one: the first picture is there. */
  readonly onChange: () => void;
};

const STILL_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const CAP_RETRY_MS = 30_000;
/** Breakdowns of the video decoder within this time after which the tile takes JPEG. */
const BREAK_WINDOW_MS = 10_000;
const MAX_BREAKS = 3;

/**
 * One tile: subscription, decoder, canvas. Whatever goes wrong in it stays in it: it tries again by itself, ever more
 * rarely, and the other tiles never notice.
 */
export class WallTile implements Closable {
  readonly path: string;
  readonly #options: WallTileOptions;
  readonly #screen: Screen;
  readonly #paced: PacedScreen;
  readonly #rate = new PictureRate();
  readonly #backoff = new Backoff({
    firstMs: FIRST_RETRY_MS,
    baseMs: FIRST_RETRY_MS * 2,
    capMs: CAP_RETRY_MS,
    random: Math.random,
  });
  #wish: TileWish | undefined;
  #source: SourceInfo | undefined;
  #codecs: readonly Codec[] = [];
  #feed: Feed | undefined;
  /** Takes over from `#feed` with its first picture. */
  #next: Feed | undefined;
  #display: DisplayMode = "direct";
  #breaksMs: number[] = [];
  #brokenReason = "";
  #waitReason = "";
  #stillDone = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pictures = 0;
  #shownUs: number | undefined;
  #takenUs: number | undefined;
  #size = { width: 0, height: 0, codec: "" };

  constructor(options: WallTileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#screen = new Screen({
      nowUs: options.nowUs,
      forced: options.painter,
      remembered: undefined,
      onShown: (shown) => this.#shown(shown),
      onCanvasNeeded: options.onCanvasNeeded,
      onCanvasReady: options.onCanvasReady,
      onReport: () => undefined,
      onPictureLost: () => this.#feed?.player?.requestKeyframe(),
    });
    this.#paced = new PacedScreen(this.#screen, options.nowUs);
  }

  addCanvas(canvas: OffscreenCanvas, id: number): void {
    this.#screen.addCanvas(canvas, id);
  }

  setDisplay(mode: DisplayMode): void {
    this.#display = mode;
    this.#applyDisplay();
  }

  /** What is wanted and what there is; `source` is undefined while there is none or no connection. */
  update(wish: TileWish, source: SourceInfo | undefined, codecs: readonly Codec[]): void {
    if (wish.mode !== this.#wish?.mode) this.#stillDone = false;
    // Another size or a new agent is another chance.
    if (source?.state === "live" && this.#source?.state !== "live") this.#forgive();
    this.#wish = wish;
    this.#source = source;
    if (this.#codecs.length === 0) this.#codecs = codecs;
    this.#applyDisplay();
    this.#follow();
  }

  watching(message: Extract<HubMessage, { type: "watching" }>): void {
    const feed = this.#feedOf(message.watch);
    if (feed === undefined) return;
    this.#waitReason = "";
    feed.watching(message);
  }

  interrupted(watch: number, reason: string): void {
    const feed = this.#feedOf(watch);
    if (feed === undefined) return;
    feed.interrupted();
    this.#waitReason = reason;
  }

  /** The hub ended a subscription by itself. */
  unwatched(watch: number, reason: string): void {
    const feed = this.#feedOf(watch);
    if (feed === undefined) return;
    feed.ended();
    if (feed === this.#next) {
      // The size stays as it is until the page asks for another.
      this.#next = undefined;
      return;
    }
    this.#feed = this.#next;
    this.#next = undefined;
    if (this.#feed === undefined) this.#breakFor(reason);
  }

  /** Takes a picture message if it is of one of this tile's rungs. Never throws: bad bytes break this tile only. */
  take(rung: number, message: Uint8Array): boolean {
    const feed = [this.#feed, this.#next].find((each) => each?.player?.rung === rung);
    if (feed === undefined) return false;
    try {
      feed.player?.take(message);
    } catch (error) {
      this.#breakFor(`A picture was damaged: ${describeError(error)}`);
    }
    return true;
  }

  /** The connection is gone and all subscriptions with it. */
  disconnected(): void {
    this.#feed?.ended();
    this.#next?.ended();
    this.#feed = undefined;
    this.#next = undefined;
    this.#forgive();
  }

  report(): TileReport {
    const { nowUs, connection } = this.#options;
    const epochMs = (us: number | undefined): number | undefined =>
      us === undefined ? undefined : performance.timeOrigin + us / 1000;
    const takenUs = this.#takenUs === undefined ? undefined : connection.clock.toOwnUs(this.#takenUs);
    const playing = this.#feed !== undefined && this.#feed.player !== undefined && this.#feed.player.shownPictures > 0;
    const idle = this.#wish === undefined || this.#wish.mode === "off" || this.#stillDone;
    const phase = this.#brokenReason !== "" ? "broken" : idle ? "off" : playing ? "playing" : "waiting";
    return {
      path: this.path,
      phase,
      reason: this.#brokenReason || (phase === "waiting" ? this.#waitReason : ""),
      ...this.#size,
      pictures: this.#pictures,
      fps: this.#rate.fps(nowUs() / 1000),
      intervalMs: this.#rate.intervalMs,
      shownEpochMs: epochMs(this.#shownUs),
      takenEpochMs: epochMs(takenUs),
      bufferMs: this.#paced.bufferMs,
      interpolated: this.#display === "interpolated" && this.#source?.kind === "camera",
    };
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closeFeeds();
    this.#paced.close();
    this.#screen.close();
  }

  /** A screen sends changes, not a rhythm, and has exact parts that no fade may touch. */
  #applyDisplay(): void {
    this.#paced.setMode(this.#source?.kind === "screen" ? "direct" : this.#display);
  }

  /** Makes the subscriptions match what is wanted; does nothing when they do. */
  #follow(): void {
    const wish = this.#wish;
    const source = this.#source;
    if (wish === undefined || wish.mode === "off" || source?.state !== "live" || this.#stillDone) {
      this.#closeFeeds();
      return;
    }
    if (this.#brokenReason !== "" || this.#codecs.length === 0) return;
    const { maxWidth, maxHeight, maxFps } = wish;
    const limits: FeedLimits = { maxWidth, maxHeight, maxFps, codecs: this.#codecs };
    const newest = this.#next ?? this.#feed;
    if (newest?.source === source.id && sameLimits(newest.limits, limits)) return;
    this.#next?.close();
    this.#next = undefined;
    if (this.#feed !== undefined && this.#feed.source !== source.id) this.#closeFeeds();
    const feed = this.#open(source, limits);
    if (this.#feed?.player === undefined) {
      this.#feed?.close();
      this.#feed = feed;
    } else this.#next = feed;
  }

  #open(source: SourceInfo, limits: FeedLimits): Feed {
    const { connection, nowUs, nextWatch } = this.#options;
    const onBroken = (reason: string): void => this.#decoderBroke(reason);
    return new Feed({
      watch: nextWatch(),
      source: source.id,
      limits,
      connection,
      screen: this.#paced,
      nowUs,
      onBroken,
    });
  }

  #feedOf(watch: number): Feed | undefined {
    return [this.#feed, this.#next].find((feed) => feed?.watch === watch);
  }

  #shown(shown: Shown): void {
    if (this.#paced.isInvented(shown.picture)) return;
    const { picture, presentedUs } = shown;
    const feed = [this.#feed, this.#next].find((each) => each?.player?.rung === picture.rung);
    feed?.player?.shown(shown);
    this.#pictures += 1;
    if (feed?.player?.shownPictures === 1) this.#options.onChange();
    this.#rate.add(presentedUs / 1000);
    this.#shownUs = presentedUs;
    if (feed === undefined) return;
    this.#takenUs = picture.changeUs - feed.agentClockOffsetUs;
    this.#size = { width: picture.width, height: picture.height, codec: feed.stream?.codec ?? "" };
    if (feed === this.#next) {
      this.#feed?.close();
      this.#feed = feed;
      this.#next = undefined;
    }
    if ((feed.player?.shownPictures ?? 0) > 1) this.#backoff.reset();
    if (this.#wish?.mode === "still") this.#restStill();
  }

  /** One picture is enough for a while. */
  #restStill(): void {
    this.#stillDone = true;
    // Not from inside the player that reports this picture.
    queueMicrotask(() => this.#follow());
    this.#later(STILL_MS, () => {
      this.#stillDone = false;
    });
  }

  /** The decoder goes on with the next keyframe; one that breaks again and again is left. */
  #decoderBroke(reason: string): void {
    const nowMs = performance.now();
    this.#breaksMs = [...this.#breaksMs.filter((breakMs) => breakMs > nowMs - BREAK_WINDOW_MS), nowMs];
    if (this.#breaksMs.length < MAX_BREAKS) return;
    this.#breaksMs = [];
    if (this.#codecs.includes("jpeg")) this.#codecs = ["jpeg"];
    queueMicrotask(() => this.#breakFor(`The pictures cannot be decoded: ${reason}`));
  }

  #breakFor(reason: string): void {
    this.#closeFeeds();
    this.#brokenReason = reason || "The hub ended the subscription.";
    this.#later(this.#backoff.nextDelayMs(), () => {
      this.#brokenReason = "";
    });
  }

  #later(delayMs: number, change: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      change();
      this.#follow();
    }, delayMs);
  }

  #forgive(): void {
    if (this.#brokenReason === "") return;
    clearTimeout(this.#timer);
    this.#brokenReason = "";
    this.#backoff.reset();
  }

  #closeFeeds(): void {
    this.#feed?.close();
    this.#next?.close();
    this.#feed = undefined;
    this.#next = undefined;
  }
}

function sameLimits(a: FeedLimits, b: FeedLimits): boolean {
  return (
    a.maxWidth === b.maxWidth &&
    a.maxHeight === b.maxHeight &&
    a.maxFps === b.maxFps &&
    a.codecs.length === b.codecs.length
  );
}
