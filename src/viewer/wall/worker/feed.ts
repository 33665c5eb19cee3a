import type { Closable } from "../../../base/index.ts";
import type { Codec, HubMessage } from "../../../protocol/index.ts";
import type { HubConnection } from "../../link/index.ts";
import type { StreamInfo } from "../../messages.ts";
import { StreamPlayer } from "../../worker/index.ts";
import type { TileWish } from "../messages.ts";
import type { PacedScreen } from "./paced-screen.ts";

/** What a subscription asked for. */
export type FeedLimits = Pick<TileWish, "maxWidth" | "maxHeight" | "maxFps"> & { readonly codecs: readonly Codec[] };

export type FeedOptions = {
  /** The subscription's number, unique on the connection. */
  readonly watch: number;
  readonly source: number;
  readonly limits: FeedLimits;
  readonly connection: HubConnection;
  readonly screen: PacedScreen;
  readonly nowUs: () => number;
  readonly onBroken: (reason: string) => void;
};

/** One subscription of a tile with its player. A tile has two of them for a moment while it changes size. */
export class Feed implements Closable {
  readonly #options: FeedOptions;
  #player: StreamPlayer | undefined;
  #stream: StreamInfo | undefined;
  #ended = false;
  /** Agent's clock minus the hub's, microseconds. */
  agentClockOffsetUs = 0;

  /** Asks the hub at once. */
  constructor(options: FeedOptions) {
    this.#options = options;
    const { watch, source, limits, connection } = options;
    const { codecs, maxWidth, maxHeight, maxFps } = limits;
    connection.send({ type: "watch", watch, source, codecs: [...codecs], maxWidth, maxHeight, maxFps });
  }

  get watch(): number {
    return this.#options.watch;
  }

  get source(): number {
    return this.#options.source;
  }

  get limits(): FeedLimits {
    return this.#options.limits;
  }

  get player(): StreamPlayer | undefined {
    return this.#player;
  }

  get stream(): StreamInfo | undefined {
    return this.#stream;
  }

  /** The hub feeds it from this rung now. */
  watching(message: Extract<HubMessage, { type: "watching" }>): void {
    this.agentClockOffsetUs = message.agentClockOffsetUs;
    const { rung, source, codec, codecString, width, height, encoder, encoderReason } = message;
    const before = this.#player === undefined ? undefined : this.#stream;
    this.#stream = { rung, source, codec, codecString, width, height, encoder, encoderReason };
    const same =
      before?.rung === rung &&
      before.codec === codec &&
      before.codecString === codecString &&
      before.width === width &&
      before.height === height;
    if (same) return;
    this.#player?.close();
    const { connection, screen, nowUs, onBroken } = this.#options;
    this.#player = new StreamPlayer({ stream: this.#stream, connection, screen, nowUs, onBroken });
  }

  /** No pictures until the next `watching`. */
  interrupted(): void {
    this.#player?.close();
    this.#player = undefined;
  }

  /** The hub has ended it. */
  ended(): void {
    this.#ended = true;
    this.close();
  }

  close(): void {
    this.interrupted();
    if (this.#ended) return;
    this.#ended = true;
    this.#options.connection.send({ type: "unwatch", watch: this.watch });
  }
}
