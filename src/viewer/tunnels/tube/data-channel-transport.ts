import { TRANSPORT_LOW_WATER_BYTES, TransportEvents, type TubeTransport } from "../../../tube/core/index.ts";

/** How long `close` waits for queued messages to leave, and for the last one to cross the network. */
const FLUSH_MS = 1000;
const LINGER_MS = 250;

/** An open data channel of the browser, with the peer connection under it, which it owns. */
export class DataChannelTransport implements TubeTransport {
  readonly kind = "webrtc";
  readonly description: string;
  readonly #channel: RTCDataChannel;
  readonly #connection: RTCPeerConnection;
  readonly #events = new TransportEvents();
  readonly onMessage = this.#events.onMessage;
  readonly onDrain = this.#events.onDrain;
  readonly onClose = this.#events.onClose;
  #closing = false;

  constructor(channel: RTCDataChannel, connection: RTCPeerConnection, description: string) {
    this.#channel = channel;
    this.#connection = connection;
    this.description = description;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = TRANSPORT_LOW_WATER_BYTES;
    channel.onbufferedamountlow = () => this.#events.drained();
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#events.message(new Uint8Array(data));
    };
    channel.onclose = () => this.#end("The other end closed the data channel.");
    channel.onerror = () => this.#end("The data channel failed.");
    connection.onconnectionstatechange = () => {
      const { connectionState: state } = connection;
      if (state === "failed" || state === "closed" || state === "disconnected") {
        this.#end(`The peer connection is ${state}.`);
      }
    };
    if (channel.readyState !== "open") this.#end("The data channel closed at once.");
  }

  get bufferedBytes(): number {
    return this.#closing ? 0 : this.#channel.bufferedAmount;
  }

  send(message: Uint8Array): void {
    if (this.#closing || this.#channel.readyState !== "open") return;
    this.#channel.send(message as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#events.closed("The transport was closed here.");
    const hangUp = (): void => void setTimeout(() => this.#connection.close(), LINGER_MS);
    if (this.#channel.readyState !== "open" || this.#channel.bufferedAmount === 0) {
      hangUp();
      return;
    }
    const timer = setTimeout(hangUp, FLUSH_MS);
    this.#channel.bufferedAmountLowThreshold = 0;
    this.#channel.onbufferedamountlow = () => {
      clearTimeout(timer);
      hangUp();
    };
  }

  #end(reason: string): void {
    this.#events.closed(reason);
    if (this.#closing) return;
    this.#closing = true;
    this.#connection.close();
  }
}
