import type { DataChannel, PeerConnection } from "node-datachannel";
import { TRANSPORT_LOW_WATER_BYTES, TransportEvents, type TubeTransport } from "../core/index.ts";
import { fromNative } from "./web-rtc.ts";

/** How long `close` waits for queued messages to leave. */
const FLUSH_MS = 1000;

/** Time for the last message to cross the network before the connection under it goes. */
const LINGER_MS = 250;

/** Keeps what JavaScript no longer names: a channel that is collected closes without a word. */
const open = new Set<DataChannelTransport>();

/** An open data channel of node-datachannel, with the peer connection under it, which it owns. */
export class DataChannelTransport implements TubeTransport {
  readonly kind = "webrtc";
  readonly description: string;
  readonly #channel: DataChannel;
  readonly #connection: PeerConnection;
  readonly #events = new TransportEvents();
  readonly onMessage = this.#events.onMessage;
  readonly onDrain = this.#events.onDrain;
  readonly onClose = this.#events.onClose;
  #closing = false;

  constructor(channel: DataChannel, connection: PeerConnection) {
    this.#channel = channel;
    this.#connection = connection;
    this.description = describe(connection);
    open.add(this);
    channel.setBufferedAmountLowThreshold(TRANSPORT_LOW_WATER_BYTES);
    channel.onBufferedAmountLow(fromNative(() => this.#events.drained()));
    channel.onMessage(
      fromNative((message) => {
        if (typeof message === "string") return;
        this.#events.message(message instanceof ArrayBuffer ? new Uint8Array(message) : message);
      }),
    );
    channel.onClosed(fromNative(() => this.#end("The other end closed the data channel.")));
    channel.onError(fromNative((text) => this.#end(`The data channel failed: ${text}`)));
    connection.onStateChange(
      fromNative((state) => {
        if (state !== "connected" && state !== "connecting") this.#end(`The peer connection is ${state}.`);
      }),
    );
  }

  /** Transports that have not ended, in this process. */
  static get openCount(): number {
    return open.size;
  }

  get bufferedBytes(): number {
    return this.#closing || this.#events.isClosed ? 0 : this.#channel.bufferedAmount();
  }

  send(message: Uint8Array): void {
    if (this.#closing || this.#events.isClosed || !this.#channel.isOpen()) return;
    try {
      this.#channel.sendMessageBinary(message);
    } catch (error) {
      // Between the check and the call the native side may have closed it.
      this.#end(`The data channel failed: ${String(error)}`);
    }
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#events.isClosed || !this.#channel.isOpen() || this.#channel.bufferedAmount() === 0) {
      this.#hangUp(this.#events.isClosed ? 0 : LINGER_MS);
      return;
    }
    const timer = setTimeout(() => this.#hangUp(0), FLUSH_MS);
    this.#channel.setBufferedAmountLowThreshold(0);
    this.#channel.onBufferedAmountLow(
      fromNative(() => {
        clearTimeout(timer);
        this.#hangUp(LINGER_MS);
      }),
    );
  }

  #end(reason: string): void {
    this.#events.closed(reason);
    if (this.#closing) return;
    this.#closing = true;
    this.#hangUp(0);
  }

  #hangUp(afterMs: number): void {
    this.#events.closed("The transport was closed here.");
    // Not from inside a callback of the library.
    setTimeout(() => {
      this.#connection.close();
      open.delete(this);
    }, afterMs);
  }
}

function describe(connection: PeerConnection): string {
  const pair = connection.getSelectedCandidatePair();
  if (pair === null) return "addresses not known yet";
  const { local, remote } = pair;
  const isRelayed = local.type === "relay" || remote.type === "relay";
  return `${local.address}:${local.port} to ${remote.address}:${remote.port}${isRelayed ? " through TURN" : ""}`;
}
