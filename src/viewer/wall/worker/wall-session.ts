import { type Closable, ProtocolError } from "../../../base/index.ts";
import {
  type Codec,
  type HubMessage,
  MessageType,
  messageType,
  readPictureRoute,
  type SourceInfo,
} from "../../../protocol/index.ts";
import { chooseCodecs } from "../../decode/index.ts";
import { rendererName, SOFTWARE_RENDERERS } from "../../gpu/index.ts";
import { HubConnection } from "../../link/index.ts";
import type { LinkState } from "../../messages.ts";
import type { PainterName } from "../../render/index.ts";
import type { DisplayMode, PageToWallWorker, TileWish, WallWorkerToPage } from "../messages.ts";
import { WallTile } from "./wall-tile.ts";

const REPORT_MS = 500;
/** First pictures of many tiles within this time are told together. */
const REPORT_SOON_MS = 50;

/** Everything behind the wall: one connection for all tiles, and what each of them needs. */
export class WallSession implements Closable {
  readonly #post: (message: WallWorkerToPage) => void;
  readonly #connection: HubConnection;
  readonly #painter: PainterName;
  readonly #nowUs = (): number => performance.now() * 1000;
  readonly #reportTimer: ReturnType<typeof setInterval>;
  #soonTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #tiles = new Map<string, WallTile>();
  #wishes: readonly TileWish[] = [];
  #sources: readonly SourceInfo[] = [];
  #codecs: readonly Codec[] = [];
  #connected = false;
  #display: DisplayMode = "smooth";
  #lastWatch = 0;

  constructor(
    options: Pick<Extract<PageToWallWorker, { type: "open" }>, "url" | "client" | "painter">,
    post: (message: WallWorkerToPage) => void,
  ) {
    this.#post = post;
    this.#painter = painterFor(options.painter);
    this.#connection = new HubConnection({ url: options.url, client: options.client, nowUs: this.#nowUs });
    this.#connection.onState((state) => this.#linkChanged(state));
    this.#connection.onMessage((message) => this.#receive(message));
    this.#connection.onBytes((bytes) => this.#receiveBytes(bytes));
    this.#reportTimer = setInterval(() => this.#report(), REPORT_MS);
    void this.#open();
  }

  addCanvas(path: string, canvas: OffscreenCanvas, id: number): void {
    this.#tile(path).addCanvas(canvas, id);
  }

  setTiles(wishes: readonly TileWish[]): void {
    this.#wishes = wishes;
    const wanted = new Set(wishes.map(({ path }) => path));
    for (const [path, tile] of this.#tiles) {
      if (wanted.has(path)) continue;
      tile.close();
      this.#tiles.delete(path);
    }
    this.#update();
    this.#report();
  }

  setDisplay(mode: DisplayMode): void {
    this.#display = mode;
    for (const tile of this.#tiles.values()) tile.setDisplay(mode);
  }

  retry(): void {
    this.#connection.retryNow();
  }

  close(): void {
    clearInterval(this.#reportTimer);
    clearTimeout(this.#soonTimer);
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
    this.#connection.close();
  }

  async #open(): Promise<void> {
    const { codecs, reason } = await chooseCodecs(isSecureContext);
    this.#codecs = codecs;
    if (reason !== "") this.#post({ type: "notice", text: reason });
    this.#connection.open();
  }

  #tile(path: string): WallTile {
    const known = this.#tiles.get(path);
    if (known !== undefined) return known;
    const tile = new WallTile({
      path,
      connection: this.#connection,
      painter: this.#painter,
      nowUs: this.#nowUs,
      nextWatch: () => ++this.#lastWatch,
      onCanvasNeeded: () => this.#post({ type: "canvas-needed", path }),
      onCanvasReady: (id) => this.#post({ type: "canvas-ready", path, id }),
      onChange: () => this.#reportSoon(),
    });
    tile.setDisplay(this.#display);
    this.#tiles.set(path, tile);
    return tile;
  }

  #update(): void {
    // First those that end: the hub has a limit for subscriptions at once.
    const order = { off: 0, still: 1, live: 2 } as const;
    for (const wish of this.#wishes.toSorted((a, b) => order[a.mode] - order[b.mode])) {
      const source = this.#connected ? this.#sources.find(({ path }) => path === wish.path) : undefined;
      this.#tile(wish.path).update(wish, source, this.#codecs);
    }
  }

  #linkChanged(state: LinkState): void {
    this.#connected = state.phase === "connected";
    if (!this.#connected) for (const tile of this.#tiles.values()) tile.disconnected();
    // The sources of another run of the hub have other numbers.
    if (state.phase === "waiting") this.#sources = [];
    this.#post({ type: "link", state });
  }

  #receive(message: HubMessage): void {
    switch (message.type) {
      case "sources":
        this.#sources = message.sources;
        this.#post({ type: "sources", sources: message.sources });
        this.#update();
        break;
      case "watching":
        for (const tile of this.#tiles.values()) tile.watching(message);
        break;
      case "interrupted":
        for (const tile of this.#tiles.values()) tile.interrupted(message.watch, message.reason);
        break;
      case "unwatched":
        for (const tile of this.#tiles.values()) tile.unwatched(message.watch, message.reason);
        break;
      case "error":
        this.#post({ type: "notice", text: message.text });
        break;
      default:
    }
  }

  /** A tile swallows what is wrong with its pictures; a message that names no rung says nothing about any tile. */
  #receiveBytes(bytes: Uint8Array): void {
    let rung: number;
    try {
      if (messageType(bytes) === MessageType.cursor) return;
      ({ rung } = readPictureRoute(bytes));
    } catch (error) {
      if (error instanceof ProtocolError) return;
      throw error;
    }
    for (const tile of this.#tiles.values()) if (tile.take(rung, bytes)) return;
  }

  #reportSoon(): void {
    this.#soonTimer ??= setTimeout(() => {
      this.#soonTimer = undefined;
      this.#report();
    }, REPORT_SOON_MS);
  }

  #report(): void {
    this.#post({ type: "reports", reports: [...this.#tiles.values()].map((tile) => tile.report()) });
  }
}

/**
 * Many small canvases: WebGL has too few contexts for them, so frames are drawn, or copied where nothing but the processor
 * draws and a busy page would stop drawn ones.
 */
function painterFor(asked: PainterName | undefined): PainterName {
  if (asked !== undefined && asked !== "webgl") return asked;
  return SOFTWARE_RENDERERS.test(rendererName()) ? "copy" : "draw";
}
