import { TUBE_SUBPROTOCOL } from "../../../protocol/index.ts";
import {
  AttemptError,
  TRANSPORT_HIGH_WATER_BYTES,
  TransportEvents,
  type TubeTransport,
} from "../../../tube/core/index.ts";

/**
 * A tube's frames over a WebSocket of the browser. Owns the socket. A browser does not tell when a WebSocket's queue has
 * gone down, but a full one always brings an acknowledgement, and each message that comes is the occasion to look.
 */
class WebSocketTransport implements TubeTransport {
  readonly kind = "websocket";
  readonly description: string;
  readonly #socket: WebSocket;
  readonly #events = new TransportEvents();
  readonly onMessage = this.#events.onMessage;
  readonly onDrain = this.#events.onDrain;
  readonly onClose = this.#events.onClose;
  #isFull = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.description = `through ${new URL(socket.url).host}`;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#events.message(new Uint8Array(data));
      this.#look();
    };
    socket.onclose = ({ reason }) => this.#events.closed(reason || "The WebSocket was closed.");
    socket.onerror = () => this.#events.closed("The WebSocket failed.");
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(message as Uint8Array<ArrayBuffer>);
    this.#isFull ||= this.#socket.bufferedAmount >= TRANSPORT_HIGH_WATER_BYTES;
  }

  close(): void {
    this.#events.closed("The transport was closed here.");
    this.#socket.close(1000);
  }

  #look(): void {
    if (!this.#isFull || this.#socket.bufferedAmount >= TRANSPORT_HIGH_WATER_BYTES) return;
    this.#isFull = false;
    this.#events.drained();
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
