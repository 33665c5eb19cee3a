import { TUBE_SUBPROTOCOL } from "../../../protocol/index.ts";
import {
  AttemptError,
  TRANSPORT_LOW_WATER_BYTES,
  TransportEvents,
  type TubeTransport,
} from "../../../tube/core/index.ts";

/** A browser does not tell when a WebSocket's queue has gone down: it is looked at this often while it is long. */
const LOOK_MS = 15;

/** A tube's frames over a WebSocket of the browser. Owns the socket. */
class WebSocketTransport implements TubeTransport {
  readonly kind = "websocket";
  readonly description: string;
  readonly #socket: WebSocket;
  readonly #events = new TransportEvents();
  readonly onMessage = this.#events.onMessage;
  readonly onDrain = this.#events.onDrain;
  readonly onClose = this.#events.onClose;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.description = `through ${new URL(socket.url).host}`;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#events.message(new Uint8Array(data));
    };
    socket.onclose = ({ reason }) => this.#end(reason || "The WebSocket was closed.");
    socket.onerror = () => this.#end("The WebSocket failed.");
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message as Uint8Array<ArrayBuffer>);
    if (this.#socket.bufferedAmount > TRANSPORT_LOW_WATER_BYTES) this.#look();
  }

  close(): void {
    this.#end("The transport was closed here.");
    this.#socket.close(1000);
  }

  #look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#socket.bufferedAmount > TRANSPORT_LOW_WATER_BYTES) this.#look();
      else this.#events.drained();
    }, LOOK_MS);
  }

  #end(reason: string): void {
    clearTimeout(this.#timer);
    this.#events.closed(reason);
  }
}

/** Opens the hub's WebSocket for which `ticket` was given out. Rejects with {@link AttemptError}. */
export function openRelay(ticket: string): Promise<TubeTransport> {
  const url = new URL("/api/tube", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, [TUBE_SUBPROTOCOL, ticket]);
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(new WebSocketTransport(socket));
    socket.onclose = () => reject(new AttemptError("signalling", "The hub's WebSocket cannot be opened."));
  });
}
