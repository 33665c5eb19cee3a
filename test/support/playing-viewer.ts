import { WebSocket } from "ws";
import { decodeTile } from "../../src/codecs/tile/index.ts";
import {
  type Codec,
  copySource,
  decodePicture,
  encodeAck,
  type HubMessage,
  isPictureType,
  type Picture,
  PROTOCOL_VERSION,
  parseHubMessage,
  readTiles,
  type Tile,
  type ViewerMessage,
} from "../../src/protocol/index.ts";

type Told<Type extends HubMessage["type"]> = Extract<HubMessage, { type: Type }>;

/** A picture that showed something new, when it was on the screen and how old it was; milliseconds. */
export type ShownPicture = { readonly atMs: number; readonly ageMs: number; readonly kind: Picture["kind"] };

/** A tier that the viewer was told, and when. */
export type ToldTier = Told<"tier"> & { readonly atMs: number };

/** How long a viewer takes for a picture of video, and how many it takes at once. */
const DECODE_MS = 4;
const DRAW_MS = 2;
const MAX_DECODING = 3;
const OPAQUE = 0xff000000;
const COARSE_BLOCK = 4;
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
  width = 0;
  height = 0;
  rung = 0;
  #canvas = new Uint32Array(0);
  #last: number | undefined;
  #needsKeyframe = true;
  #decoderFreeMs = 0;
  #waiting: Picture[] = [];
  #decoding = 0;
  #keyframeAskedMs = Number.NEGATIVE_INFINITY;
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
    this.say({ type: "watch", watch: 1, source: find()?.id as number, codecs, ...limits });
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

  /** Pixels whose exact colour is not known, because video or coarse tiles drew them last. */
  get inexactPixels(): number {
    if (this.#canvas.length === 0) return Number.POSITIVE_INFINITY;
    let count = 0;
    for (const word of this.#canvas) if (word >>> 24 !== 0xff) count += 1;
    return count;
  }

  /** How many pixels differ from a picture of R G B A words. */
  differingPixels(words: Uint32Array): number {
    if (words.length !== this.#canvas.length) return Math.max(words.length, this.#canvas.length);
    let count = 0;
    for (let at = 0; at < words.length; at += 1) if (words[at] !== this.#canvas[at]) count += 1;
    return count;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
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

  #askForKeyframe(): void {
    if (performance.now() - this.#keyframeAskedMs < 800) return;
    this.#keyframeAskedMs = performance.now();
    this.say({ type: "keyframe", rung: this.rung });
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
    this.#resize(picture);
    for (const rect of picture.rects) this.#fill(rect, 0);
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
    this.#resize(picture);
    for (const tile of readTiles(picture)) this.#drawTile(tile, picture);
    this.#acknowledge("accepted", picture);
    this.#presented(picture, (performance.now() - startMs) * 1000, 0);
  }

  #drawTile(tile: Tile, picture: Picture): void {
    const { rect, encoding, body } = tile;
    const plane = { pixels: this.#canvas, strideWords: this.width };
    if (encoding === "lossless") decodeTile(body, plane, rect);
    else if (encoding === "copy") this.#move(copySource(tile, picture), rect);
    else {
      const size = { width: Math.ceil(rect.width / COARSE_BLOCK), height: Math.ceil(rect.height / COARSE_BLOCK) };
      decodeTile(
        body,
        { pixels: new Uint32Array(size.width * size.height), strideWords: size.width },
        { x: 0, y: 0, ...size },
      );
      this.#fill(rect, 0);
    }
  }

  #move(from: { x: number; y: number; width: number; height: number }, to: { x: number; y: number }): void {
    const rows: Uint32Array[] = [];
    for (let y = 0; y < from.height; y += 1) {
      const start = (from.y + y) * this.width + from.x;
      rows.push(this.#canvas.slice(start, start + from.width));
    }
    for (const [y, row] of rows.entries()) this.#canvas.set(row, (to.y + y) * this.width + to.x);
  }

  #fill({ x, y, width, height }: { x: number; y: number; width: number; height: number }, word: number): void {
    for (let row = y; row < y + height; row += 1) {
      const start = row * this.width + x;
      this.#canvas.fill(word, start, start + width);
    }
  }

  #resize({ width, height }: Picture): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.#canvas = new Uint32Array(width * height);
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

/** The exact pixels of B G R X bytes as the viewer keeps them: R G B A words. */
export function canvasWords(bgrx: Uint8Array): Uint32Array {
  const words = new Uint32Array(bgrx.buffer, bgrx.byteOffset, bgrx.byteLength >> 2).slice();
  for (const [at, word] of words.entries()) {
    words[at] = (OPAQUE | ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff)) >>> 0;
  }
  return words;
}
