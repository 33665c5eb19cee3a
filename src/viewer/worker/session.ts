import type { Closable, Rect } from "../../base/index.ts";
import {
  type Codec,
  decodeCursor,
  type Grant,
  type HubMessage,
  MessageType,
  messageType,
  readPictureRoute,
  type SourceInfo,
} from "../../protocol/index.ts";
import { cameraTrouble, troubleInWords } from "../camera-trouble.ts";
import { chooseCodecs } from "../decode/index.ts";
import { HubConnection } from "../link/index.ts";
import type {
  ControlHolder,
  InputDraft,
  LinkState,
  PictureState,
  SessionSettings,
  StreamInfo,
  WorkerToPage,
} from "../messages.ts";
import { Screen, type Shown } from "../render/index.ts";
import { LatencyTracker } from "../timing/index.ts";
import { cursorImage } from "./cursor-image.ts";
import { InputSender } from "./input-sender.ts";
import { StreamPlayer } from "./stream-player.ts";

type Watching = Extract<HubMessage, { type: "watching" }>;
type Post = (message: WorkerToPage, transfer?: Transferable[]) => void;

/** A hidden page keeps its stream this long, so that a quick look elsewhere costs nothing. */
const HIDDEN_GRACE_MS = 10_000;
/** How long the old picture may stand in for a stream that has not begun. */
const SWITCH_GRACE_MS = 800;
const REWATCH_MS = 1000;
const REPORT_MS = 500;
/** Breakdowns of the H.264 decoder within this time after which JPEG takes over. */
const BREAK_WINDOW_MS = 10_000;
const MAX_BREAKS = 3;

/** Everything behind the page: one connection, one watched source, one canvas. */
export class Session implements Closable {
  readonly #post: Post;
  readonly #connection: HubConnection;
  readonly #tracker = new LatencyTracker();
  readonly #screen: Screen;
  readonly #input: InputSender;
  readonly #nowUs = (): number => performance.now() * 1000;
  #codecs: readonly Codec[] = [];
  #connected = false;
  #viewer = 0;
  #visible = true;
  #viewOnly = false;
  #sources: readonly SourceInfo[] = [];
  #wantedPath: string | undefined;
  #watch: { id: number; source: number; path: string; active: boolean } | undefined;
  #nextWatch = 1;
  #player: StreamPlayer | undefined;
  #stream: StreamInfo | undefined;
  #agentClockOffsetUs = 0;
  #holder: ControlHolder = "nobody";
  #picture: PictureState = { kind: "none", reason: "Connecting." };
  /** Whether the watched camera delivers nothing, as the hub says, and whether a picture was shown since then. */
  #trouble = { is: false, shown: false };
  #breaksMs: number[] = [];
  #reported = -1;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #rewatchTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #reportTimer: ReturnType<typeof setInterval>;

  constructor(settings: SessionSettings, post: Post) {
    this.#post = post;
    const remembered = settings.remembered?.browser === navigator.userAgent ? settings.remembered : undefined;
    this.#connection = new HubConnection({ url: settings.url, client: settings.client, nowUs: this.#nowUs });
    this.#screen = new Screen({
      nowUs: this.#nowUs,
      forced: settings.forcedPainter,
      remembered,
      onShown: (shown) => this.#shown(shown),
      onCanvasNeeded: () => post({ type: "canvas-needed" }),
      onCanvasReady: (id) => post({ type: "canvas-ready", id }),
      onReport: (report) => post({ type: "painter", report }),
      onPictureLost: () => this.#player?.requestKeyframe(),
    });
    this.#input = new InputSender(this.#connection, this.#tracker);
    this.#connection.onState((state) => this.#linkChanged(state));
    this.#connection.onMessage((message) => this.#receive(message));
    this.#connection.onBytes((bytes) => this.#receiveBytes(bytes));
    this.#reportTimer = setInterval(() => this.#reportIfChanged(), REPORT_MS);
    void this.#open();
  }

  addCanvas(canvas: OffscreenCanvas, id: number): void {
    this.#screen.addCanvas(canvas, id);
  }

  /** Chooses the source by its path; undefined takes the primary screen. */
  watch(path: string | undefined): void {
    this.#wantedPath = path;
    this.#updateWatch();
  }

  sendFrames(port: MessagePort | undefined): void {
    this.#screen.sendFrames(port);
  }

  setVisible(visible: boolean): void {
    clearTimeout(this.#hiddenTimer);
    if (visible) {
      this.#visible = true;
      this.#connection.retryNow();
      this.#updateWatch();
      return;
    }
    this.#hiddenTimer = setTimeout(() => {
      this.#visible = false;
      this.#endWatch("Paused while this page is hidden.");
    }, HIDDEN_GRACE_MS);
  }

  setViewOnly(viewOnly: boolean): void {
    this.#viewOnly = viewOnly;
    if (viewOnly) this.control(false);
  }

  /** Sends input when this viewer may; `epochMs` is when it happened. */
  input(draft: InputDraft, epochMs: number): void {
    const source = this.#watch?.source;
    if (source === undefined || !this.#may(draft.kind === "pointer" || draft.kind === "wheel" ? "pointer" : "keyboard"))
      return;
    // Where nobody drives, the hub takes the first input for the wish to.
    if (this.#holder === "other") return;
    this.#input.send(draft, source, (epochMs - performance.timeOrigin) * 1000);
  }

  clipboard(text: string): void {
    const source = this.#watch?.source;
    if (source === undefined || !this.#may("clipboard-in")) return;
    this.#connection.send({ type: "clipboard", source, text });
  }

  control(take: boolean): void {
    const source = this.#watch?.source;
    if (source === undefined || (!take && this.#holder !== "you")) return;
    this.#connection.send({ type: "control", source, take });
  }

  retry(): void {
    this.#connection.retryNow();
  }

  readPixels(request: number, rect: Rect): void {
    try {
      const pixels = this.#screen.readPixels(rect);
      this.#post({ type: "pixels", request, pixels, error: "" }, [pixels.buffer]);
    } catch (error) {
      this.#post({ type: "pixels", request, pixels: undefined, error: error instanceof Error ? error.message : "" });
    }
  }

  reportTimings(request: number): void {
    const extra = { skipped: this.#screen.skipped, rttUs: this.#connection.clock.rttUs };
    this.#post({ type: "timings", request, report: this.#tracker.report(this.#nowUs(), extra) });
  }

  clearTimings(): void {
    this.#tracker.clear();
    this.reportTimings(0);
  }

  close(): void {
    clearInterval(this.#reportTimer);
    for (const timer of [this.#hiddenTimer, this.#graceTimer, this.#rewatchTimer]) clearTimeout(timer);
    this.#player?.close();
    this.#connection.close();
    this.#screen.close();
  }

  async #open(): Promise<void> {
    const choice = await chooseCodecs(isSecureContext);
    this.#codecs = choice.codecs;
    this.#post({ type: "decoding", codecs: choice.codecs, reason: choice.reason });
    this.#connection.open();
  }

  #linkChanged(state: LinkState): void {
    this.#connected = state.phase === "connected";
    if (state.phase === "connected") this.#viewer = state.viewer;
    if (state.phase === "waiting" || state.phase === "refused") {
      this.#forgetWatch();
      this.#setHolder("nobody", "");
      this.#stale(`Connection lost. ${state.reason}`, Date.now());
    }
    this.#post({ type: "link", state });
  }

  #receive(message: HubMessage): void {
    switch (message.type) {
      case "sources":
        this.#sources = message.sources;
        this.#post({ type: "sources", sources: message.sources });
        this.#updateWatch();
        break;
      case "watching":
        this.#startStream(message);
        break;
      case "interrupted":
        if (message.watch === this.#watch?.id) this.#interrupted(message.reason);
        break;
      case "unwatched":
        if (message.watch === this.#watch?.id) this.#unwatched(message.reason);
        break;
      case "control":
        if (message.source === this.#watch?.source) this.#setHolder(message.holder, message.reason);
        break;
      case "clipboard":
        if (message.source === this.#watch?.source) this.#post({ type: "clipboard", text: message.text });
        break;
      case "performance": {
        if (message.rung !== this.#stream?.rung) break;
        this.#agentClockOffsetUs = message.agentClockOffsetUs;
        const { performance, viewers, dropped } = message;
        this.#post({ type: "performance", performance: { performance, viewers, dropped } });
        break;
      }
      case "tier": {
        const { type: _, watch, ...tier } = message;
        if (watch === this.#watch?.id) this.#post({ type: "tier", tier });
        break;
      }
      case "notice":
        if (message.source === this.#watch?.source)
          this.#post({ type: "notice", level: message.level, text: message.text });
        break;
      case "error":
        this.#post({ type: "notice", level: "error", text: message.text });
        break;
    }
  }

  #receiveBytes(bytes: Uint8Array): void {
    if (messageType(bytes) === MessageType.cursor) {
      const cursor = decodeCursor(bytes);
      if (cursor.source !== this.#watch?.source) return;
      void cursorImage(cursor).then((image) => {
        if (cursor.source === this.#watch?.source) this.#post({ type: "cursor", cursor: image });
      });
      return;
    }
    // Pictures of a rung that was left a moment ago are still on their way; nobody waits for their acknowledgement.
    if (readPictureRoute(bytes).rung === this.#player?.rung) this.#player.take(bytes);
  }

  /** Makes the subscription match what is wanted; does nothing when it does already. */
  #updateWatch(): void {
    if (!this.#connected || !this.#visible || this.#sources.length === 0) {
      if (this.#connected && this.#visible) this.#noSource("The hub has no screens to show yet.");
      return;
    }
    const source = this.#findWanted();
    if (source === undefined) {
      this.#endWatch(`There is no screen "${this.#wantedPath}" any more.`);
      return;
    }
    if (this.#watch?.source === source.id && this.#watch.active) {
      if (source.state === "lost") this.#sourceLost(source);
      else this.#heedHealth(source);
      return;
    }
    this.#startWatch(source);
  }

  #findWanted(): SourceInfo | undefined {
    if (this.#wantedPath !== undefined) return this.#sources.find(({ path }) => path === this.#wantedPath);
    // Every camera is the primary source of its own agent; who names nothing has come for a screen.
    const screens = this.#sources.filter(({ kind }) => kind === "screen");
    return (
      this.#sources.find(({ path }) => path === this.#watch?.path) ??
      [...screens, ...this.#sources].find(({ primary, state }) => primary && state === "live") ??
      this.#sources[0]
    );
  }

  #startWatch(source: SourceInfo): void {
    clearTimeout(this.#rewatchTimer);
    const previous = this.#watch;
    if (previous?.active) {
      if (this.#holder === "you") this.control(false);
      this.#connection.send({ type: "unwatch", watch: previous.id });
    }
    if (previous?.source !== source.id) this.#setHolder("nobody", "");
    this.#dropPlayer();
    this.#watch = { id: this.#nextWatch, source: source.id, path: source.path, active: true };
    this.#nextWatch += 1;
    this.#tracker.forgetInputs();
    this.#connection.send({ type: "watch", watch: this.#watch.id, source: source.id, codecs: [...this.#codecs] });
    this.#trouble = { is: false, shown: false };
    if (source.state === "lost") this.#sourceLost(source);
    else if (!this.#heedHealth(source)) this.#graceFor(`Waiting for the first picture of ${source.name}.`);
  }

  #startStream(message: Watching): void {
    if (message.watch !== this.#watch?.id) return;
    this.#agentClockOffsetUs = message.agentClockOffsetUs;
    const { rung, source, codec, codecString, width, height, encoder, encoderReason } = message;
    const stream = { rung, source, codec, codecString, width, height, encoder, encoderReason };
    const before = this.#player === undefined ? undefined : this.#stream;
    const same =
      before?.rung === rung &&
      before.codec === codec &&
      before.codecString === codecString &&
      before.width === width &&
      before.height === height;
    this.#stream = stream;
    this.#post({ type: "stream", stream });
    if (!same) {
      this.#player?.close();
      this.#player = new StreamPlayer({
        stream,
        connection: this.#connection,
        screen: this.#screen,
        nowUs: this.#nowUs,
        onBroken: (reason) => this.#decoderBroke(reason),
      });
    }
  }

  #shown(shown: Shown): void {
    const player = this.#player;
    if (player === undefined || shown.picture.rung !== player.rung) return;
    player.shown(shown);
    const { picture, receivedUs, decodeUs, drawUs, presentedUs } = shown;
    const clock = this.#connection.clock;
    const agentToViewerUs =
      clock.rttUs === undefined
        ? undefined
        : (agentUs: number) => clock.toOwnUs(agentUs - this.#agentClockOffsetUs) as number;
    const bytes = picture.payload.byteLength;
    this.#tracker.presented(
      { header: picture, bytes, receivedUs, decodeUs, drawUs, presentedUs, agentToViewerUs },
      this.#viewer,
    );
    this.#trouble.shown = true;
    if (!this.#trouble.is) this.#live(picture.width, picture.height);
    // Its last picture is better than none, but it is old.
    else if (this.#picture.kind === "none") this.#updateWatch();
  }

  #interrupted(reason: string): void {
    this.#dropPlayer();
    this.#stale(reason, Date.now());
  }

  #unwatched(reason: string): void {
    this.#forgetWatch();
    this.#stale(reason, Date.now());
    this.#rewatchTimer = setTimeout(() => this.#updateWatch(), REWATCH_MS);
  }

  #sourceLost(source: SourceInfo): void {
    this.#stale(source.detail || `${source.name} is gone.`, this.#toEpochMs(source.stateSinceUs));
  }

  /**
   * A camera that falls silent keeps its stream: only its health says that the picture is old, and when it no longer is.
   * Returns whether it is in trouble.
   */
  #heedHealth({ name, health }: SourceInfo): boolean {
    const trouble = cameraTrouble(health);
    if (trouble === undefined) {
      const size = this.#screen.size;
      if (this.#trouble.is && this.#trouble.shown && size !== undefined) this.#live(size.width, size.height);
      this.#trouble.is = false;
      return false;
    }
    if (!this.#trouble.is) this.#trouble = { is: true, shown: false };
    const reason = `${name} delivers no picture. ${troubleInWords(trouble)}`.trimEnd();
    this.#stale(reason, this.#toEpochMs(trouble.lastPictureUs || trouble.sinceUs));
    return true;
  }

  /** A time of the hub's clock as milliseconds since 1970; now while that clock is unknown. */
  #toEpochMs(hubUs: number): number {
    const ownUs = this.#connection.clock.toOwnUs(hubUs);
    return ownUs === undefined ? Date.now() : performance.timeOrigin + ownUs / 1000;
  }

  #noSource(reason: string): void {
    this.#endWatch(reason);
  }

  #endWatch(reason: string): void {
    if (this.#watch?.active) this.#connection.send({ type: "unwatch", watch: this.#watch.id });
    this.#forgetWatch();
    this.#stale(reason, Date.now());
  }

  /** The subscription is over; its path stays, so that the same source is taken again. */
  #forgetWatch(): void {
    this.#dropPlayer();
    this.#tracker.forgetInputs();
    if (this.#watch !== undefined) this.#watch = { ...this.#watch, source: -1, active: false };
  }

  #dropPlayer(): void {
    this.#player?.close();
    this.#player = undefined;
    this.#trouble.shown = false;
  }

  #decoderBroke(reason: string): void {
    const nowMs = performance.now();
    this.#breaksMs = [...this.#breaksMs.filter((breakMs) => breakMs > nowMs - BREAK_WINDOW_MS), nowMs];
    if (this.#breaksMs.length < MAX_BREAKS || !this.#codecs.includes("h264")) return;
    this.#codecs = ["jpeg"];
    const text = `The video decoder failed ${MAX_BREAKS} times (${reason}). Pictures are sent one by one as JPEG.`;
    this.#post({ type: "decoding", codecs: this.#codecs, reason: text });
    const source = this.#sources.find(({ id }) => id === this.#watch?.source);
    if (source !== undefined) this.#startWatch(source);
  }

  #may(grant: Grant): boolean {
    if (!this.#connected || this.#viewOnly) return false;
    return this.#sources.find(({ id }) => id === this.#watch?.source)?.grants.includes(grant) ?? false;
  }

  #setHolder(holder: ControlHolder, reason: string): void {
    this.#holder = holder;
    this.#post({ type: "control", holder, reason });
  }

  /** The old picture stays as it is for a moment; if nothing comes, it is marked as old. */
  #graceFor(reason: string): void {
    clearTimeout(this.#graceTimer);
    const sinceEpochMs = Date.now();
    this.#graceTimer = setTimeout(() => this.#stale(reason, sinceEpochMs), SWITCH_GRACE_MS);
  }

  #live(width: number, height: number): void {
    clearTimeout(this.#graceTimer);
    const now = this.#picture;
    if (now.kind === "live" && now.width === width && now.height === height) return;
    this.#setPicture({ kind: "live", width, height });
  }

  #stale(reason: string, sinceEpochMs: number): void {
    clearTimeout(this.#graceTimer);
    const size = this.#screen.size;
    if (size === undefined) {
      this.#setPicture({ kind: "none", reason });
      return;
    }
    // The age counts from the first loss, however many reasons follow.
    const since = this.#picture.kind === "stale" ? this.#picture.sinceEpochMs : sinceEpochMs;
    this.#setPicture({ kind: "stale", width: size.width, height: size.height, reason, sinceEpochMs: since });
  }

  #setPicture(state: PictureState): void {
    this.#picture = state;
    this.#post({ type: "picture", state });
  }

  #reportIfChanged(): void {
    const presented = this.#player?.shownPictures ?? 0;
    if (presented === this.#reported) return;
    this.#reported = presented;
    this.reportTimings(0);
  }
}
