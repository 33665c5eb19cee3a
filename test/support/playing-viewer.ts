import { WebSocket } from "ws";
import {
  type Codec,
  decodePicture,
  encodeAck,
  type HubMessage,
  isPictureType,
  type Picture,
  PROTOCOL_VERSION,
  parseHubMessage,
  type ViewerMessage,
} from "../../src/protocol/index.ts";
import { ExactCanvas } from "./exact-canvas.ts";

type Told<Type extends HubMessage["type"]> = Extract<HubMessage, { type: Type }>;

/** A picture that showed something new, when it was on the screen and how old it was; milliseconds. */
export type ShownPicture = { readonly atMs: number; readonly ageMs: number; readonly kind: Picture["kind"] };

/** A tier that the viewer was told, and when. */
export type ToldTier = Told<"tier"> & { readonly atMs: number };

/** How long a viewer takes for a picture of video, and how many it takes at once. */
const DECODE_MS = 4;
const DRAW_MS = 2;
const MAX_DECODING = 3;
const KEYFRAME_REPEAT_MS = 800;
const MAX_SHOWN = 100_000;

/**
 * A viewer without a screen that behaves as the page does: it draws exact tiles on a picture of its own, takes time for
 * video, which it does not decode, acknowledges both stages, and asks for keyframes. Ages are exact where agent and viewer
 * run on one machine.
 */
export class PlayingViewer {
  readonly socket: WebSocket;
  readonly shown: ShownPicture[] = [];
  readonly tiers: ToldTier[] = [];
  /** Messages of the hub that are not about tiers and performance. */
  readonly told: HubMessage[] = [];
  bytes = 0;
  pictures = 0;
  keyframes = 0;
  /** When the last picture arrived, in milliseconds of `performance.now`. */
  lastPictureMs = 0;
  /** Called for every picture that arrived, before it is used; returning false loses it. */
  filter: (picture: Picture) => boolean = () => true;
  onTier: (tier: ToldTier) => void = () => undefined;
  readonly canvas = new ExactCanvas();
  /** The source that it watches. */
  source = 0;
  rung = 0;
  #last: number | undefined;
  #needsKeyframe = true;
  #decoderFreeMs = 0;
  #waiting: Picture[] = [];
  #decoding = 0;
  #keyframeTimer: NodeJS.Timeout | undefined;
  #waiters: Array<() => void> = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.#receive(data as Buffer);
      else this.#hear(parseHubMessage(data.toString()));
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  /** Opens a session at `url` with a token and says hello. */
  static async connect(url: string, token: string): Promise<PlayingViewer> {
    const response = await fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url },
      body: JSON.stringify({ token }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(";", 1)[0];
    if (cookie === undefined) throw new Error(`The hub opened no session: ${response.status}.`);
    return PlayingViewer.attach(url, cookie);
  }

  /** Opens one more connection of a session. */
  static async attach(url: string, cookie: string): Promise<PlayingViewer> {
    const address = `${url.replace(/^http/, "ws")}/api/viewer`;
    const socket = new WebSocket(address, { perMessageDeflate: false, headers: { cookie, origin: url } });
    const viewer = new PlayingViewer(socket);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    viewer.say({ type: "hello", protocol: PROTOCOL_VERSION, client: "playing viewer" });
    return viewer;
  }

  say(message: ViewerMessage): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Watches a source, the first live one unless its path is given, and waits for the first picture. */
  async watch(options: { path?: string; codecs?: Codec[]; maxWidth?: number } = {}): Promise<void> {
    const { path, codecs = ["h264"], ...limits } = options;
    const find = () =>
      this.told
        .filter((message): message is Told<"sources"> => message.type === "sources")
        .at(-1)
        ?.sources.find((source) => source.state === "live" && (path === undefined || source.path === path));
    await this.until(() => find() !== undefined);
    this.source = find()?.id as number;
    this.say({ type: "watch", watch: 1, source: this.source, codecs, ...limits });
    await this.until(() => this.pictures > 0);
  }

  /** Waits until the condition holds, looking after every message and every few milliseconds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.socket.readyState > this.socket.OPEN) throw new Error("The viewer's connection has ended.");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 10);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  get tier(): ToldTier | undefined {
    return this.tiers.at(-1);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#keyframeTimer);
    this.socket.terminate();
  }

  #hear(message: HubMessage): void {
    if (message.type === "tier") {
      const tier = { ...message, atMs: performance.now() };
      this.tiers.push(tier);
      this.onTier(tier);
    } else if (message.type !== "performance") this.told.push(message);
    if (message.type !== "watching") return;
    this.rung = message.rung;
    this.#last = undefined;
    this.#needsKeyframe = true;
    this.#waiting = [];
  }

  #receive(message: Buffer): void {
    this.bytes += message.byteLength;
    if (!isPictureType(message[0] as number)) return;
    this.lastPictureMs = performance.now();
    const picture = decodePicture(message);
    if (picture.rung !== this.rung || !this.filter(picture)) return;
    this.pictures += 1;
    if (picture.keyframe) this.keyframes += 1;
    if (!this.#follows(picture)) {
      this.#acknowledge("accepted", picture);
      this.#askForKeyframe();
      return;
    }
    if (picture.kind === "tiles") this.#showTiles(picture);
    else this.#decode(picture);
  }

  #follows({ sequence, keyframe }: Picture): boolean {
    if (this.#last !== undefined && sequence !== (this.#last + 1) >>> 0) this.#needsKeyframe = true;
    this.#last = sequence;
    if (keyframe) this.#needsKeyframe = false;
    return !this.#needsKeyframe;
  }

  /** Asks until one comes. */
  #askForKeyframe(): void {
    if (this.#keyframeTimer !== undefined) return;
    this.say({ type: "keyframe", rung: this.rung });
    this.#keyframeTimer = setTimeout(() => {
      this.#keyframeTimer = undefined;
      if (this.#needsKeyframe) this.#askForKeyframe();
    }, KEYFRAME_REPEAT_MS);
  }

  #decode(picture: Picture): void {
    if (this.#decoding >= MAX_DECODING) {
      this.#waiting.push(picture);
      return;
    }
    this.#decoding += 1;
    this.#acknowledge("accepted", picture);
    const nowMs = performance.now();
    this.#decoderFreeMs = Math.max(nowMs, this.#decoderFreeMs) + DECODE_MS;
    // What it covers is known at once: tiles that follow lie on top of it.
    this.canvas.draw(picture);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#decoding -= 1;
        this.#presented(picture, DECODE_MS * 1000, DRAW_MS * 1000);
        const next = this.#waiting.shift();
        if (next !== undefined) this.#decode(next);
      },
      this.#decoderFreeMs - nowMs + DRAW_MS,
    );
    this.#timers.add(timer);
  }

  #showTiles(picture: Picture): void {
    const startMs = performance.now();
    this.canvas.draw(picture);
    this.#acknowledge("accepted", picture);
    this.#presented(picture, (performance.now() - startMs) * 1000, 0);
  }

  #presented(picture: Picture, decodeUs: number, drawUs: number): void {
    const isRefinement = picture.kind === "tiles" && picture.waitUs === 0 && picture.grabUs === 0;
    if (!isRefinement && this.shown.length < MAX_SHOWN) {
      const atMs = performance.now();
      this.shown.push({ atMs, ageMs: monotonicMs() - picture.changeUs / 1000, kind: picture.kind });
    }
    this.#acknowledge("presented", picture, decodeUs, drawUs);
  }

  #acknowledge(stage: "accepted" | "presented", { rung, sequence }: Picture, decodeUs = 0, drawUs = 0): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(encodeAck({ stage, rung, sequence, decodeUs, drawUs }));
  }
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
