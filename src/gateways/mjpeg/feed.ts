import { type Closable, describeError } from "../../base/index.ts";
import { type MemoryLink, monotonicUs } from "../../node/index.ts";
import {
  CloseCode,
  decodePicture,
  encodeAck,
  type HubMessage,
  isPictureType,
  messageType,
  PROTOCOL_VERSION,
  parseHubMessage,
  type SourceInfo,
  type ViewerMessage,
} from "../../protocol/index.ts";
import { LOST_PICTURE } from "./lost-picture.ts";
import { type Frame, freshPart, lostPart, type Part, repeatedPart } from "./multipart.ts";
import { type QualityStep, qualitySteps, StepChooser } from "./quality-steps.ts";
import type { PictureClass } from "./query.ts";

/** Somebody who takes what a feed brings. */
export type FeedClient = {
  /** Nothing is on its way to it, so that it could take a picture now. */
  readonly free: boolean;
  offer(part: Part): void;
};

/** What a feed is opened with. */
export type FeedOptions = {
  readonly source: SourceInfo;
  readonly pictures: PictureClass;
  /** Becomes a viewer of the hub; called again when a link has ended by itself. */
  readonly open: (peer: string) => MemoryLink;
};

/** A still picture is sent again this often, so that proxies and players know that all is well. */
const REPEAT_MS = 1000;
/** A source that is lost for this long is shown as lost. */
const LOST_AFTER_MS = 2000;
/** The hub hears of a picture at the latest after this: it disconnects viewers that never answer. */
const MAX_HOLD_MS = 4000;
/** A link that ended by itself is opened again after this. */
const REOPEN_MS = 1000;
const WATCH = 1;
/** A camera that blinks is back with its first new attempt; one that failed so often keeps nobody waiting. */
const FAILED_ATTEMPTS = 2;

type Watching = Extract<HubMessage, { type: "watching" }>;

/**
 * One viewer of the hub for everybody who wants the same kind of pictures of a source. It keeps the newest picture, and
 * tells the hub that it has one as soon as the quickest of its clients has it, so that the hub makes as many as that one
 * takes. When none of them keeps up it asks for pictures that take less.
 */
export class Feed implements Closable {
  readonly pictures: PictureClass;
  readonly #open: FeedOptions["open"];
  readonly #clients = new Set<FeedClient>();
  readonly #steps: readonly QualityStep[];
  readonly #chooser: StepChooser;
  readonly #repeat: NodeJS.Timeout;
  readonly #waiters = new Set<() => void>();
  #source: SourceInfo;
  #link: MemoryLink | undefined;
  #watching: Watching | undefined;
  #latest: Frame | undefined;
  #unanswered: { readonly rung: number; readonly sequence: number; readonly arrivedMs: number } | undefined;
  #hold: NodeJS.Timeout | undefined;
  #reopen: NodeJS.Timeout | undefined;
  /** `sinceMs` is monotonic, `atMs` since 1970. */
  #lost: { readonly sinceMs: number; readonly atMs: number; readonly reason: string } | undefined;
  #isFailing = false;
  #closed = false;
  #received = 0;

  constructor({ source, pictures, open }: FeedOptions) {
    this.pictures = pictures;
    this.#source = source;
    this.#open = open;
    this.#steps = qualitySteps(pictures, source.width);
    this.#chooser = new StepChooser({ count: this.#steps.length, fps: pictures.fps, nowMs: performance.now() });
    this.#repeat = setInterval(() => this.#sendAgain(), REPEAT_MS);
    this.#connect();
  }

  get source(): SourceInfo {
    return this.#source;
  }

  /** The newest picture; it may be old where the source is lost. */
  get latest(): Frame | undefined {
    return this.#latest;
  }

  /** Why the newest picture is not what the source shows now; undefined while it is. */
  get lostReason(): string | undefined {
    return this.#lost?.reason;
  }

  /** Pictures that the hub has sent. */
  get received(): number {
    return this.#received;
  }

  /** What the pictures are asked for with at present. */
  get step(): QualityStep {
    return this.#steps[this.#chooser.step] as QualityStep;
  }

  /** A client joins; it is offered the newest picture at once. */
  join(client: FeedClient): void {
    this.#clients.add(client);
    if (this.#latest !== undefined && this.#lost === undefined) client.offer(repeatedPart(this.#latest));
  }

  leave(client: FeedClient): void {
    this.#clients.delete(client);
    this.settle();
  }

  /** A client has become free. */
  settle(): void {
    const unanswered = this.#unanswered;
    if (unanswered === undefined || !this.#anybodyFree()) return;
    if (this.#clients.size > 0) this.#judge(performance.now() - unanswered.arrivedMs);
    this.#answer();
  }

  /** How long the source needs at least until it can deliver; 0 where nobody knows. */
  get retryInMs(): number {
    const { health } = this.#source;
    return health === undefined ? 0 : Math.max(0, (health.retryAtUs - monotonicUs()) / 1000);
  }

  /**
   * Waits for a picture of what the source shows now. Resolves with undefined when none came in time, and at once when the
   * source is known to fail.
   */
  async picture(timeoutMs: number): Promise<Frame | undefined> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      if (this.#latest !== undefined && this.#lost === undefined) return this.#latest;
      const leftMs = deadlineMs - performance.now();
      if (this.#closed || this.#isFailing || leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, leftMs);
        this.#waiters.add(wake);
      });
    }
  }

  /** Leaves the hub. Idempotent. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#repeat);
    clearTimeout(this.#hold);
    clearTimeout(this.#reopen);
    this.#link?.close(CloseCode.normal, "Nobody watches any more.");
    this.#wake();
  }

  #connect(): void {
    const { fps, width, quality } = this.pictures;
    const kind = [`${fps} fps`, width === undefined ? "" : `${width} px`, quality === undefined ? "" : `q${quality}`];
    const link = this.#open(`MJPEG clients of ${this.#source.path} (${kind.filter((each) => each !== "").join(", ")})`);
    this.#link = link;
    link.onMessage((message) => this.#receive(link, message));
    link.onClose(({ reason }) => this.#ended(reason));
    this.#say({ type: "hello", protocol: PROTOCOL_VERSION, client: "MJPEG gateway" });
    this.#watch();
  }

  #watch(): void {
    const { quality, width } = this.step;
    this.#say({
      ...{ type: "watch", watch: WATCH, source: this.#source.id, codecs: ["jpeg"], tiles: false },
      maxFps: this.pictures.fps,
      ...(width === undefined ? {} : { maxWidth: width }),
      ...(quality === undefined ? {} : { jpegQuality: quality }),
    });
  }

  #say(message: ViewerMessage): void {
    this.#link?.send(JSON.stringify(message));
  }

  #receive(link: MemoryLink, message: string | Uint8Array): void {
    try {
      if (typeof message === "string") this.#told(parseHubMessage(message));
      else if (isPictureType(messageType(message))) this.#picture(message);
    } catch (error) {
      link.close(CloseCode.protocolError, describeError(error));
    }
  }

  #told(message: HubMessage): void {
    if (message.type === "sources") this.#sources(message.sources);
    else if (message.type === "watching") this.#watching = message;
    else if (message.type === "interrupted") this.#lose(message.reason);
    else if (message.type === "unwatched") this.#link?.close(CloseCode.normal, message.reason);
  }

  #sources(sources: readonly SourceInfo[]): void {
    const source = sources.find(({ path }) => path === this.#source.path);
    if (source === undefined) {
      this.#fail("The source does not exist any more.");
      return;
    }
    this.#source = source;
    const { state, detail, health } = source;
    this.#isFailing = false;
    if (state === "lost") this.#fail(detail);
    else if (health?.state === "failed") this.#fail(health.detail);
    else if (health?.state === "recovering") {
      if (health.attempt >= FAILED_ATTEMPTS) this.#fail(health.detail);
      else this.#lose(health.detail);
    }
  }

  /** As `lose`, and nothing can be expected of it soon. */
  #fail(reason: string): void {
    this.#isFailing = true;
    this.#lose(reason);
    this.#wake();
  }

  #lose(reason: string): void {
    const { sinceMs, atMs } = this.#lost ?? { sinceMs: performance.now(), atMs: Date.now() };
    this.#lost = { sinceMs, atMs, reason };
    // Nothing more comes of what was watched, and an answer to it would be of no use.
    this.#unanswered = undefined;
  }

  #ended(reason: string): void {
    this.#link = undefined;
    this.#watching = undefined;
    if (this.#closed) return;
    this.#lose(reason === "" ? "The hub ended the connection." : reason);
    this.#reopen = setTimeout(() => this.#connect(), REOPEN_MS);
  }

  #picture(message: Uint8Array): void {
    const { rung, sequence, payload, kind, changeUs, hubUs } = decodePicture(message);
    if (rung !== this.#watching?.rung || kind !== "jpeg") return;
    const nowUs = monotonicUs();
    // A picture cannot be younger than the hub's receipt of it; a clock that says so is wrong.
    const takenUs = Math.min(changeUs - this.#watching.agentClockOffsetUs, hubUs);
    const takenAtMs = Date.now() - (nowUs - takenUs) / 1000;
    this.#latest = { jpeg: payload, takenAtMs, takenUs, tag: `${rung}-${sequence}` };
    this.#lost = undefined;
    this.#isFailing = false;
    this.#received += 1;
    this.#unanswered = { rung, sequence, arrivedMs: this.#unanswered?.arrivedMs ?? performance.now() };
    this.#hold ??= setTimeout(() => this.#answer(), MAX_HOLD_MS);
    this.#repeat.refresh();
    this.#offer(freshPart(this.#latest));
    this.#wake();
    this.settle();
  }

  #offer(part: Part): void {
    for (const client of this.#clients) client.offer(part);
  }

  #sendAgain(): void {
    if (this.#clients.size === 0) return;
    const lost = this.#lost;
    if (lost !== undefined && performance.now() - lost.sinceMs >= LOST_AFTER_MS) {
      this.#offer(lostPart(LOST_PICTURE, lost.atMs));
    } else if (this.#latest !== undefined) this.#offer(repeatedPart(this.#latest));
  }

  #anybodyFree(): boolean {
    if (this.#clients.size === 0) return true;
    for (const client of this.#clients) if (client.free) return true;
    return false;
  }

  #answer(): void {
    clearTimeout(this.#hold);
    this.#hold = undefined;
    const unanswered = this.#unanswered;
    if (unanswered === undefined) return;
    this.#unanswered = undefined;
    const { rung, sequence } = unanswered;
    for (const stage of ["accepted", "presented"] as const) {
      this.#link?.send(encodeAck({ stage, rung, sequence, decodeUs: 0, drawUs: 0 }));
    }
  }

  #judge(tookMs: number): void {
    if (this.#chooser.delivered(tookMs, performance.now())) this.#watch();
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
