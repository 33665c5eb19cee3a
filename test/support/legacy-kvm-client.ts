import { WebSocket } from "ws";
import { Inbox } from "./inbox.ts";
import type { LegacyKvmPage } from "./legacy-kvm-page.ts";

/** How often a throttled client looks whether it may read. */
const THROTTLE_MS = 5;

/** A JSON message of the gateway. */
export type LegacyTold = { type: string; [field: string]: unknown };

/** One connection of a legacy client; the page, with its memory, is the test's and may outlive it. */
export class LegacyKvmClient {
  readonly socket: WebSocket;
  readonly page: LegacyKvmPage;
  readonly told = new Inbox<LegacyTold>();
  /** One entry for each picture that came. */
  readonly pictures = new Inbox<number>();
  readonly closed: Promise<number>;
  /** Arrival times of binary messages in ms. */
  readonly arrivals: number[] = [];
  #bytes = 0;
  #throttle: NodeJS.Timeout | undefined;

  private constructor(socket: WebSocket, page: LegacyKvmPage) {
    this.socket = socket;
    this.page = page;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code) => resolve(code));
    });
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
  }

  /** `url` is that of the WebSocket, with its query. */
  static async connect(
    url: string,
    page: LegacyKvmPage,
    headers: Record<string, string> = {},
  ): Promise<LegacyKvmClient> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const client = new LegacyKvmClient(socket, page);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  next(type: string): Promise<LegacyTold> {
    return this.told.next((message) => message.type === type);
  }

  /** Resolves when the page shows what `accept` wants. */
  async until(accept: (page: LegacyKvmPage) => boolean): Promise<void> {
    while (!accept(this.page)) await this.pictures.next();
  }

  close(): void {
    clearInterval(this.#throttle);
    this.socket.terminate();
  }

  /** Reads no faster than this from now on, as over a slow connection; without a rate as fast as it can. */
  throttle(bytesPerSecond?: number): void {
    clearInterval(this.#throttle);
    this.socket.resume();
    if (bytesPerSecond === undefined) return;
    const startMs = performance.now();
    const before = this.#bytes;
    this.#throttle = setInterval(() => {
      const allowed = ((performance.now() - startMs) / 1000) * bytesPerSecond;
      if (this.#bytes - before > allowed) this.socket.pause();
      else this.socket.resume();
    }, THROTTLE_MS);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#bytes += data.byteLength;
    if (isBinary) {
      this.arrivals.push(performance.now());
      this.page.receive(data);
    } else {
      const message = JSON.parse(data.toString()) as LegacyTold;
      if (message.type === "video_frame") this.page.receiveJson(message as { type: string; data: string });
      else this.told.put(message);
      if (message.type !== "video_frame") return;
    }
    this.pictures.put(this.page.frames.length);
  }
}
