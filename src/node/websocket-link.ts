import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { Emitter, type Event } from "../base/index.ts";
import { CloseCode } from "../protocol/index.ts";
import { fitCloseReason } from "./close-reason.ts";
import type { Link, LinkClose } from "./link.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./message-assembler.ts";

/** How often each end asks whether the other is still there; one that stays silent for a whole interval is dead. */
export const KEEP_ALIVE_MS = 5000;

/** How long `close` waits for the queued bytes to leave and the other end to answer. */
const CLOSE_TIMEOUT_MS = 1000;

/** The larger limit; `ws` refuses bigger messages before it allocates them. */
export function maxPayloadOf(limits: MessageLimits): number {
  return Math.max(limits.maxTextBytes, limits.maxBinaryBytes);
}

/**
 * A link over an open WebSocket, either end. The socket must have been made with `perMessageDeflate: false` and with
 * `maxPayload` at {@link maxPayloadOf} the limits. Reading starts with the first `onMessage` listener. The link owns
 * the socket.
 */
export class WebSocketLink implements Link {
  readonly kind = "websocket";
  readonly peer: string;
  readonly onDrain: Event<void>;
  readonly onClose: Event<LinkClose>;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #limits: MessageLimits;
  readonly #messages = new Emitter<string | Uint8Array>();
  readonly #drained = new Emitter<void>();
  readonly #closed = new Emitter<LinkClose>();
  readonly #keepAlive: NodeJS.Timeout;
  #reading = false;
  #bytesRead = -1;
  #end: LinkClose | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  #pings = 0;
  #pinged: { readonly id: string; readonly answered: () => void } | undefined;

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    options: { peer: string; keepAliveMs?: number } & Partial<MessageLimits>,
  ) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.peer = options.peer;
    this.#limits = { ...DEFAULT_MESSAGE_LIMITS, ...options };
    this.onDrain = this.#drained.event;
    this.onClose = this.#closed.event;
    socket.setNoDelay(true);
    webSocket.pause();
    webSocket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    webSocket.on("pong", (data) => this.#ponged(data.toString()));
    webSocket.on("error", (error) => this.#failed(error));
    webSocket.on("close", (code, reason) => this.#finish(code, reason.toString()));
    this.#keepAlive = setInterval(() => this.#checkAlive(), options.keepAliveMs ?? KEEP_ALIVE_MS);
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  readonly onMessage: Event<string | Uint8Array> = (listener) => {
    const unsubscribe = this.#messages.event(listener);
    if (!this.#reading) {
      this.#reading = true;
      this.#webSocket.resume();
    }
    return unsubscribe;
  };

  send(message: string | Uint8Array): void {
    if (this.#end !== undefined || this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#webSocket.send(message, { binary: typeof message !== "string" }, () => this.#written());
  }

  ping(answered: () => void): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    // Only the newest counts, as for the other end, which may leave earlier ones unanswered (RFC 6455 5.5.3).
    this.#pinged = { id: String(++this.#pings), answered };
    this.#webSocket.ping(this.#pinged.id);
  }

  close(code: number = CloseCode.normal, reason = ""): void {
    if (this.#end !== undefined) return;
    const text = fitCloseReason(reason);
    this.#end = { code, reason: text, remote: false };
    this.#closeTimer = setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT_MS);
    this.#webSocket.resume();
    this.#webSocket.close(code, text);
  }

  #ponged(id: string): void {
    if (id !== this.#pinged?.id) return;
    const { answered } = this.#pinged;
    this.#pinged = undefined;
    answered();
  }

  #written(): void {
    if (this.#webSocket.bufferedAmount === 0 && this.#end === undefined) this.#drained.emit();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#end !== undefined) return;
    const limit = isBinary ? this.#limits.maxBinaryBytes : this.#limits.maxTextBytes;
    if (data.byteLength > limit) {
      this.close(CloseCode.protocolError, `too-large: A message has ${data.byteLength} bytes; the limit is ${limit}.`);
      return;
    }
    this.#messages.emit(isBinary ? data : data.toString("utf8"));
  }

  /** `ws` closes with the standard code by itself; only the reason is kept here. */
  #failed(error: Error & { code?: string }): void {
    if (this.#end !== undefined) return;
    const isPeersFault = error.code?.startsWith("WS_ERR_") ?? false;
    const code = isPeersFault ? CloseCode.protocolError : 1006;
    this.#end = { code, reason: error.message, remote: !isPeersFault };
    this.#closeTimer = setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT_MS);
  }

  #checkAlive(): void {
    // Counting bytes instead of pongs: a large message that takes long to arrive is a sign of life, too.
    if (this.#reading && this.#bytesRead === this.#socket.bytesRead) {
      this.#end ??= { code: 1006, reason: "The other end no longer answers.", remote: true };
      this.#webSocket.terminate();
      return;
    }
    this.#bytesRead = this.#socket.bytesRead;
    // The other end may answer the newest ping only, so this one repeats a question that is still open.
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.ping(this.#pinged?.id ?? "");
  }

  #finish(code: number, reason: string): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#closeTimer);
    this.#messages.close();
    this.#drained.close();
    const end = { code, reason: reason === "" && code === 1006 ? "The other end went away." : reason, remote: true };
    this.#closed.emit(this.#end ?? end);
    this.#closed.close();
  }
}
