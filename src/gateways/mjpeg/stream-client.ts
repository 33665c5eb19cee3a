import type { Socket } from "node:net";
import type { Closable } from "../../base/index.ts";
import type { FeedClient } from "./feed.ts";
import { DELIMITER, OPENING, type Part } from "./multipart.ts";

/** The last picture of a movement is sent twice after this, for browsers that show a picture only when the next one came. */
const DUAL_MS = 120;

/** What the clients of a gateway did together. */
export type StreamCounters = {
  sent(bytes: number): void;
  repeated(): void;
  dropped(): void;
};

/** How a client wants its pictures. */
export type StreamClientOptions = {
  /** Least time between two pictures; 0 for all that come. */
  readonly intervalMs: number;
  readonly dual: boolean;
  readonly counters: StreamCounters;
  /** It could take a picture again. */
  readonly freed: () => void;
};

/**
 * One HTTP connection that takes parts. At most one is on its way and one waits, always the newest: a client that is slow
 * misses whole pictures, which are counted. The bytes of a picture are given to the socket as they are.
 */
export class StreamClient implements FeedClient, Closable {
  readonly #socket: Socket;
  readonly #options: StreamClientOptions;
  #busy = false;
  #waiting: Part | undefined;
  #dueMs = Number.NEGATIVE_INFINITY;
  #pace: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;
  #sent = 0;
  #dropped = 0;

  /** The response's header must have been written to the socket, which its owner ends. */
  constructor(socket: Socket, options: StreamClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.write(OPENING);
  }

  get free(): boolean {
    return !this.#busy;
  }

  /** Pictures that it was sent, repeated ones left out. */
  get sent(): number {
    return this.#sent;
  }

  /** Pictures that it missed because it was slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes of the picture on its way that the system has not taken. */
  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  offer(part: Part): void {
    if (this.#closed) return;
    if (part.repeat && (this.#busy || this.#waiting !== undefined)) return;
    clearTimeout(this.#again);
    if (this.#busy && this.#waiting !== undefined) {
      this.#dropped += 1;
      this.#options.counters.dropped();
    }
    this.#waiting = part;
    this.#next();
  }

  close(): void {
    this.#closed = true;
    this.#waiting = undefined;
    clearTimeout(this.#pace);
    clearTimeout(this.#again);
  }

  #next(): void {
    const part = this.#waiting;
    if (this.#busy || this.#closed || part === undefined) return;
    const delayMs = part.repeat ? 0 : this.#delayMs();
    if (delayMs > 0) {
      this.#pace ??= setTimeout(() => {
        this.#pace = undefined;
        this.#next();
      }, delayMs);
      return;
    }
    this.#waiting = undefined;
    this.#write(part);
  }

  /** As the agent's own pace: one interval early is allowed as long as the average holds. */
  #delayMs(): number {
    const { intervalMs } = this.#options;
    if (intervalMs === 0) return 0;
    const nowMs = performance.now();
    const delayMs = this.#dueMs - intervalMs / 2 - nowMs;
    if (delayMs > 0) return delayMs;
    this.#dueMs = Math.max(this.#dueMs, nowMs) + intervalMs;
    return 0;
  }

  #write(part: Part): void {
    const { head, jpeg, repeat } = part;
    this.#busy = true;
    const socket = this.#socket;
    socket.cork();
    socket.write(head);
    socket.write(jpeg);
    socket.write(DELIMITER, () => this.#written());
    socket.uncork();
    if (repeat) this.#options.counters.repeated();
    else {
      this.#sent += 1;
      this.#options.counters.sent(jpeg.byteLength);
      if (this.#options.dual) {
        this.#again = setTimeout(() => this.offer({ ...part, repeat: true }), DUAL_MS);
      }
    }
  }

  #written(): void {
    this.#busy = false;
    if (this.#closed) return;
    this.#next();
    if (!this.#busy) this.#options.freed();
  }
}
