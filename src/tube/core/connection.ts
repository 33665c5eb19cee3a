import type { CloseReason } from "../../codecs/tube/index.ts";
import { sealTubeFrame, TUBE_HEADER_BYTES, TUBE_OVERHEAD_BYTES } from "../../codecs/tube/index.ts";
import { ReceiveWindow, type WindowBudget } from "./receive-window.ts";

/** How a connection ended. `remote`: the other end said so. */
export type ConnectionClose = { readonly reason: CloseReason; readonly text: string; readonly remote: boolean };

/** What takes a connection's data: a TCP socket, a terminal, a remote framebuffer. */
export type ConnectionSink = {
  /** Payload in order; it may be kept. Report `consumed` when it has really been taken. */
  data(bytes: Uint8Array): void;
  /** The other end sends nothing more; what goes there may go on. */
  end(): void;
  /** There is room again after `write` returned false. */
  writable(): void;
  /** Fires once, after everything else. */
  closed(close: ConnectionClose): void;
};

/** What a connection needs of its channel. */
export type ConnectionHost = {
  readonly budget: WindowBudget;
  nowMs(): number;
  rttMs(): number;
  /** It has something to send. */
  ready(connection: TubeConnection): void;
  credit(connection: TubeConnection, bytes: number): void;
  opened(connection: TubeConnection): void;
  /** It is over; `tell` the other end unless that knows. */
  finished(connection: TubeConnection, close: ConnectionClose, tell: boolean): void;
};

/** With this much queued `write` returns false, and a source that goes on is wrong. */
export const MAX_QUEUED_WRITE_BYTES = 256 << 10;

/** `writable` fires when the queue has fallen to this. */
const WRITABLE_AT_BYTES = 64 << 10;

/**
 * One stream of bytes in each direction inside a channel, with half-close. What arrives before there is a sink waits,
 * bounded by the credit that was given for it.
 */
export class TubeConnection {
  readonly number: number;
  readonly #host: ConnectionHost;
  readonly #window: ReceiveWindow;
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #sendCredit: number;
  #blocked = false;
  #outgoing: "open" | "ending" | "ended" = "open";
  #incoming: "open" | "ended" = "open";
  #isOpened = false;
  #closed: ConnectionClose | undefined;
  #sink: ConnectionSink | undefined;
  #waiting: Uint8Array[] = [];
  #unconsumedBytes = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #whenOpened: Array<() => void> = [];
  #whenClosed: Array<(close: ConnectionClose) => void> = [];

  /** `sendCredit` is what the other end lets every connection begin with. */
  constructor(number: number, host: ConnectionHost, sendCredit: number) {
    this.number = number;
    this.#host = host;
    this.#sendCredit = sendCredit;
    this.#window = new ReceiveWindow(host.budget, host.nowMs());
  }

  /** The other end has said, or was told, that the target is reached. */
  get isOpened(): boolean {
    return this.#isOpened;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes received that nobody has consumed. */
  get unconsumedBytes(): number {
    return this.#unconsumedBytes;
  }

  /** Bytes that left for the other end so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Bytes that came from the other end so far. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Calls `run` once the connection is open, at once where it is; never for one that fails. */
  whenOpened(run: () => void): void {
    if (this.#isOpened) run();
    else if (this.#closed === undefined) this.#whenOpened.push(run);
  }

  /** Calls `run` when the connection is over, at once where it is; beside the sink, before which it is called. */
  whenClosed(run: (close: ConnectionClose) => void): void {
    if (this.#closed !== undefined) run(this.#closed);
    else this.#whenClosed.push(run);
  }

  /** The accepting side has reached the target. */
  accept(): void {
    if (this.#isOpened || this.#closed !== undefined) return;
    this.setOpened();
    this.#host.opened(this);
  }

  /** Hands everything to `sink` from now on, first what has waited. A connection has one sink. */
  receiveInto(sink: ConnectionSink): void {
    if (this.#sink !== undefined) throw new TypeError("A connection has one sink only.");
    this.#sink = sink;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) sink.data(bytes);
    if (this.#incoming === "ended") sink.end();
    if (this.#closed !== undefined) sink.closed(this.#closed);
  }

  /** Queues bytes, which must not change afterwards. False: wait for the sink's `writable` before writing more. */
  write(bytes: Uint8Array): boolean {
    if (this.#closed !== undefined || this.#outgoing !== "open") return false;
    if (bytes.length > 0) {
      this.#chunks.push(bytes);
      this.#queuedBytes += bytes.length;
      if (this.#sendCredit > 0) this.#host.ready(this);
    }
    this.#blocked = this.#queuedBytes >= MAX_QUEUED_WRITE_BYTES;
    return !this.#blocked;
  }

  /** Nothing more will be written; what is queued still leaves, and receiving goes on. */
  end(): void {
    if (this.#closed !== undefined || this.#outgoing !== "open") return;
    this.#outgoing = "ending";
    this.#host.ready(this);
  }

  /** Received bytes were really taken: their credit goes back to the sender. */
  consumed(bytes: number): void {
    this.#unconsumedBytes -= bytes;
    if (this.#closed !== undefined || this.#incoming === "ended") return;
    const credit = this.#window.consumed(bytes, this.#host.nowMs(), this.#host.rttMs());
    if (credit > 0) this.#host.credit(this, credit);
  }

  /** Ends both directions at once; what is queued is dropped. Idempotent. */
  close(reason: CloseReason = "normal", text = ""): void {
    this.finish({ reason, text, remote: false }, true);
  }

  // What follows is called by the channel only.

  /** @internal */
  setOpened(): void {
    if (this.#isOpened || this.#closed !== undefined) return;
    this.#isOpened = true;
    const waiting = this.#whenOpened;
    this.#whenOpened = [];
    for (const run of waiting) run();
  }

  /** @internal Throws ProtocolError when the other end had no credit. */
  receiveData(bytes: Uint8Array): void {
    if (this.#closed !== undefined || this.#incoming === "ended") return;
    this.#window.received(bytes.length);
    this.#unconsumedBytes += bytes.length;
    this.#receivedBytes += bytes.length;
    if (this.#sink === undefined) this.#waiting.push(bytes);
    else this.#sink.data(bytes);
  }

  /** @internal */
  receiveEnd(): void {
    if (this.#closed !== undefined || this.#incoming === "ended") return;
    this.#incoming = "ended";
    this.#sink?.end();
    this.#finishWhenBothEnded();
  }

  /** @internal */
  receiveCredit(bytes: number): void {
    const wasStuck = this.#sendCredit <= 0;
    this.#sendCredit += bytes;
    if (wasStuck && this.#queuedBytes > 0) this.#host.ready(this);
  }

  /** @internal The next frame of at most `maxPayloadBytes`, made at `timestampMs`; undefined when none may be sent now. */
  takeFrame(maxPayloadBytes: number, timestampMs: number): Uint8Array | undefined {
    const size = Math.min(maxPayloadBytes, this.#sendCredit, this.#queuedBytes);
    if (size <= 0) return undefined;
    const frame = new Uint8Array(size + TUBE_OVERHEAD_BYTES);
    this.#copyQueued(frame, size);
    sealTubeFrame(frame, 0, this.number, timestampMs, size);
    this.#queuedBytes -= size;
    this.#sendCredit -= size;
    this.#sentBytes += size;
    return frame;
  }

  /** @internal Whether `takeFrame` has more. */
  get hasFrame(): boolean {
    return this.#queuedBytes > 0 && this.#sendCredit > 0;
  }

  /** @internal True once: everything was sent, and now the other end must hear of the end. */
  takeEnd(): boolean {
    if (this.#outgoing !== "ending" || this.#queuedBytes > 0 || this.#closed !== undefined) return false;
    this.#outgoing = "ended";
    return true;
  }

  /** @internal After frames were taken, and after the end was sent. */
  settle(): void {
    if (this.#blocked && this.#queuedBytes <= WRITABLE_AT_BYTES && this.#closed === undefined) {
      this.#blocked = false;
      this.#sink?.writable();
    }
    this.#finishWhenBothEnded();
  }

  /** @internal */
  finish(close: ConnectionClose, tell: boolean): void {
    if (this.#closed !== undefined) return;
    this.#closed = close;
    this.#chunks = [];
    this.#queuedBytes = 0;
    this.#whenOpened = [];
    this.#window.close();
    this.#host.finished(this, close, tell);
    const waiting = this.#whenClosed;
    this.#whenClosed = [];
    for (const run of waiting) run(close);
    this.#sink?.closed(close);
  }

  #copyQueued(frame: Uint8Array, size: number): void {
    let at = TUBE_HEADER_BYTES;
    let left = size;
    let used = 0;
    while (left > 0) {
      const chunk = this.#chunks[used] as Uint8Array;
      if (chunk.length > left) {
        frame.set(chunk.subarray(0, left), at);
        this.#chunks[used] = chunk.subarray(left);
        break;
      }
      frame.set(chunk, at);
      at += chunk.length;
      left -= chunk.length;
      used += 1;
    }
    if (used > 0) this.#chunks.splice(0, used);
  }

  #finishWhenBothEnded(): void {
    if (this.#incoming === "ended" && this.#outgoing === "ended") {
      this.finish({ reason: "normal", text: "", remote: false }, false);
    }
  }
}
