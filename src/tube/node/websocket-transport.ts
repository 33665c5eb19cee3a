import { WebSocket } from "ws";
import { TUBE_SUBPROTOCOL } from "../../protocol/index.ts";
import { AttemptError, TRANSPORT_LOW_WATER_BYTES, TransportEvents, type TubeTransport } from "../core/index.ts";

/** How long `close` waits for queued messages to leave and the other end to answer. */
const CLOSE_MS = 1000;
const HANDSHAKE_MS = 8000;

/** The largest message: a frame of the largest payload that is accepted. */
const MAX_MESSAGE_BYTES = (128 << 10) + 64;

/** A tube's frames over a WebSocket, either end. Owns the socket. */
export class WebSocketTransport implements TubeTransport {
  readonly kind = "websocket";
  readonly description: string;
  readonly #webSocket: WebSocket;
  readonly #events = new TransportEvents();
  readonly onMessage = this.#events.onMessage;
  readonly onDrain = this.#events.onDrain;
  readonly onClose = this.#events.onClose;
  #isHigh = false;
  #closing = false;

  constructor(webSocket: WebSocket, description: string) {
    this.#webSocket = webSocket;
    this.description = description;
    webSocket.on("message", (data, isBinary) => {
      if (isBinary) this.#events.message(data as Buffer);
    });
    webSocket.on("error", (error) => this.#events.closed(`The WebSocket failed: ${error.message}`));
    webSocket.on("close", (_code, reason) => this.#events.closed(reason.toString() || "The WebSocket was closed."));
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  send(message: Uint8Array): void {
    if (this.#closing || this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#webSocket.send(message, { binary: true }, () => this.#written());
    if (this.#webSocket.bufferedAmount > TRANSPORT_LOW_WATER_BYTES) this.#isHigh = true;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#events.closed("The transport was closed here.");
    const timer = setTimeout(() => this.#webSocket.terminate(), CLOSE_MS);
    this.#webSocket.once("close", () => clearTimeout(timer));
    this.#webSocket.close(1000);
  }

  #written(): void {
    if (!this.#isHigh || this.#webSocket.bufferedAmount > TRANSPORT_LOW_WATER_BYTES) return;
    this.#isHigh = false;
    this.#events.drained();
  }
}

/** Where the hub is, and whom to trust for its certificate. */
export type RelayAddress = {
  /** "http(s)://host:port" or "ws(s)://host:port". */
  readonly hub: string;
  readonly certificateAuthority?: string | Buffer | undefined;
  /** For the hub's own agents, which reach it on this machine, whatever names its certificate has. */
  readonly trustAnyCertificate?: boolean;
};

/** Opens the hub's WebSocket for which `ticket` was given out. Rejects with {@link AttemptError}. */
export function openRelay(address: RelayAddress, ticket: string): Promise<TubeTransport> {
  const url = `${address.hub.replace(/^http/, "ws").replace(/\/$/, "")}/api/tube`;
  const { certificateAuthority: ca, trustAnyCertificate = false } = address;
  const webSocket = new WebSocket(url, [TUBE_SUBPROTOCOL, ticket], {
    ...{ perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, handshakeTimeout: HANDSHAKE_MS },
    ...(ca === undefined ? {} : { ca }),
    ...(trustAnyCertificate ? { rejectUnauthorized: false } : {}),
  });
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      reject(new AttemptError("signalling", `The hub's WebSocket cannot be opened (${cause.message}).`, { cause }));
    };
    webSocket.once("error", fail);
    webSocket.once("open", () => {
      webSocket.off("error", fail);
      resolve(new WebSocketTransport(webSocket, `through ${new URL(url).host}`));
    });
  });
}
