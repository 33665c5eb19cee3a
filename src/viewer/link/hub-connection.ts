import { Backoff, ClockOffset, type Closable, describeError, Emitter, ProtocolError } from "../../base/index.ts";
import {
  CloseCode,
  closeCodeOf,
  type HubMessage,
  PROTOCOL_VERSION,
  parseHubMessage,
  type ViewerMessage,
} from "../../protocol/index.ts";
import type { LinkState } from "../messages.ts";

export type HubConnectionOptions = {
  readonly url: string;
  readonly client: string;
  /** Viewer's clock in microseconds. */
  readonly nowUs: () => number;
};

const FIRST_RETRY_MS = 250;
const CAP_RETRY_MS = 5000;
/** A connection that lasted this long was a good one: the next retry starts from the shortest delay again. */
const GOOD_CONNECTION_MS = 3000;
const CONNECT_TIMEOUT_MS = 8000;
const EARLY_PING_MS = 250;
const EARLY_PINGS = 8;
const PING_MS = 1000;
/** Silence after which a connection counts as lost, although the socket has not noticed. */
const SILENCE_MS = 3500;

/**
 * The viewer's WebSocket to the hub: hello, clock pings, and reconnection by itself (250 ms doubling to 5 s). A picture
 * is never taken for live over a dead socket: without an answer to a ping for 3.5 s the connection is dropped.
 */
export class HubConnection implements Closable {
  readonly clock = new ClockOffset();
  readonly #options: HubConnectionOptions;
  readonly #backoff = new Backoff({
    firstMs: FIRST_RETRY_MS,
    baseMs: FIRST_RETRY_MS * 2,
    capMs: CAP_RETRY_MS,
    random: Math.random,
  });
  readonly #state = new Emitter<LinkState>();
  readonly #message = new Emitter<HubMessage>();
  readonly #bytes = new Emitter<Uint8Array>();
  #socket: WebSocket | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setTimeout> | undefined;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #pings = 0;
  #heardUs = 0;
  #openedUs = 0;
  #welcomed = false;
  #closed = false;

  constructor(options: HubConnectionOptions) {
    this.#options = options;
  }

  /** Every change of the connection's state. */
  readonly onState = this.#state.event;
  /** Control messages; `welcome` and `pong` have been handled already. */
  readonly onMessage = this.#message.event;
  /** Binary messages. A listener that throws `ProtocolError` closes the connection, which then reconnects. */
  readonly onBytes = this.#bytes.event;

  open(): void {
    if (this.#closed || this.#socket !== undefined) return;
    this.#state.emit({ phase: "connecting", attempt: this.#backoff.attempt });
    const socket = new WebSocket(this.#options.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#connectTimer = setTimeout(() => this.#drop(socket, "The hub does not answer."), CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      this.#openedUs = this.#options.nowUs();
      this.#heardUs = this.#openedUs;
      this.send({ type: "hello", protocol: PROTOCOL_VERSION, client: this.#options.client });
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#ended(socket, event.code, event.reason);
  }

  /** Sends a control message; does nothing while there is no connection. */
  send(message: ViewerMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Sends a binary message; does nothing while there is no connection. */
  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  /** Tries at once instead of waiting for the next retry. */
  retryNow(): void {
    if (this.#socket !== undefined || this.#closed) return;
    clearTimeout(this.#retryTimer);
    this.open();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#stopTimers();
    this.#socket?.close(CloseCode.normal);
    this.#socket = undefined;
    this.#state.emit({ phase: "closed" });
  }

  #receive(socket: WebSocket, data: string | ArrayBuffer): void {
    if (socket !== this.#socket) return;
    this.#heardUs = this.#options.nowUs();
    try {
      if (typeof data === "string") this.#handle(parseHubMessage(data));
      else this.#bytes.emit(new Uint8Array(data));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      socket.close(closeCodeOf(error.code), error.message.slice(0, 100));
      this.#drop(socket, `The hub sent something wrong: ${describeError(error)}`);
    }
  }

  #handle(message: HubMessage): void {
    if (message.type === "pong") {
      this.clock.add(message.timeUs, this.#options.nowUs(), message.hubUs);
      return;
    }
    if (message.type === "welcome") {
      this.#welcomed = true;
      clearTimeout(this.#connectTimer);
      this.clock.clear();
      this.#pings = 0;
      this.#ping();
      const { hub, version, viewer } = message;
      this.#state.emit({ phase: "connected", hub, version, viewer });
      return;
    }
    this.#message.emit(message);
  }

  #ping(): void {
    const nowUs = this.#options.nowUs();
    const socket = this.#socket;
    if (socket !== undefined && nowUs - this.#heardUs > SILENCE_MS * 1000) {
      this.#drop(socket, "The hub has gone silent.");
      return;
    }
    this.send({ type: "ping", timeUs: nowUs });
    this.#pings += 1;
    if (nowUs - this.#openedUs > GOOD_CONNECTION_MS * 1000) this.#backoff.reset();
    this.#pingTimer = setTimeout(() => this.#ping(), this.#pings < EARLY_PINGS ? EARLY_PING_MS : PING_MS);
  }

  #ended(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    const refusal = refusalOf(code, reason);
    if (refusal !== undefined) {
      this.#forget();
      this.#state.emit({ phase: "refused", reason: refusal });
      return;
    }
    this.#drop(
      socket,
      reason !== "" ? reason : this.#welcomed ? "The connection broke." : "The hub cannot be reached.",
    );
  }

  #drop(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket) return;
    this.#forget();
    socket.close();
    const retryInMs = Math.round(this.#backoff.nextDelayMs());
    this.#retryTimer = setTimeout(() => this.open(), retryInMs);
    this.#state.emit({ phase: "waiting", attempt: this.#backoff.attempt, retryInMs, reason });
  }

  #forget(): void {
    this.#stopTimers();
    this.#socket = undefined;
    this.#welcomed = false;
  }

  #stopTimers(): void {
    clearTimeout(this.#pingTimer);
    clearTimeout(this.#connectTimer);
  }
}

function refusalOf(code: number, reason: string): string | undefined {
  if (code === CloseCode.unauthorized) return reason || "This browser is not signed in any more.";
  if (code === CloseCode.unsupportedVersion) return "The hub speaks another version. Reload this page.";
  if (code === CloseCode.replaced) return reason || "This session was replaced by another one.";
  return undefined;
}
