import { type ControlMessage, encodeControlFrame, MAX_SENT_PAYLOAD_BYTES } from "../../codecs/tube/index.ts";
import type { TubeConnection } from "./connection.ts";
import { encodeLinkFrame } from "./link-message.ts";

/** What one connection sends before the next one has its turn. */
export const TURN_BYTES = MAX_SENT_PAYLOAD_BYTES;

/** Control messages that wait; only a peer that asks without ever reading what it is answered gets there. */
export const MAX_WAITING_CONTROL = 16_384;

/** Datagrams that wait; the oldest goes when one more comes, as on any network that is too slow. */
export const MAX_WAITING_DATAGRAMS = 256;

/** Where frames go: the session. */
export type FrameOutlet = { readonly canSend: boolean; send(frame: Uint8Array): void };

/**
 * Decides what goes next on a channel: control messages first, then one turn for each connection that has both bytes and
 * credit. It takes from the connections only what the outlet has room for, so queues stay where backpressure reaches
 * the source; a connection whose reader stalls runs out of credit and is out of the round until it gets more.
 */
export class FairSender {
  readonly #outlet: FrameOutlet;
  readonly #flooded: () => void;
  readonly #control: Uint8Array[] = [];
  readonly #credits = new Map<TubeConnection, number>();
  readonly #datagrams: Uint8Array[] = [];
  /** A set keeps the order in which connections became ready. */
  readonly #ready = new Set<TubeConnection>();
  #droppedDatagrams = 0;
  #pumping = false;

  /** `flooded` is called, instead of queueing one more, when {@link MAX_WAITING_CONTROL} messages wait. */
  constructor(outlet: FrameOutlet, flooded: () => void) {
    this.#outlet = outlet;
    this.#flooded = flooded;
  }

  get droppedDatagrams(): number {
    return this.#droppedDatagrams;
  }

  /** Sends a control message before any data. */
  control(message: ControlMessage): void {
    if (this.#control.length >= MAX_WAITING_CONTROL) {
      this.#flooded();
      return;
    }
    this.#control.push(encodeControlMessage(message));
    this.pump();
  }

  /** Grants credit to a connection's sender; what waits is added up. */
  credit(connection: TubeConnection, bytes: number): void {
    this.#credits.set(connection, (this.#credits.get(connection) ?? 0) + bytes);
    this.pump();
  }

  datagram(message: ControlMessage): void {
    if (this.#datagrams.length >= MAX_WAITING_DATAGRAMS) {
      this.#datagrams.shift();
      this.#droppedDatagrams += 1;
    }
    this.#datagrams.push(encodeControlMessage(message));
    this.pump();
  }

  ready(connection: TubeConnection): void {
    this.#ready.add(connection);
    this.pump();
  }

  /** Forgets a connection that is closed. */
  remove(connection: TubeConnection): void {
    this.#ready.delete(connection);
    this.#credits.delete(connection);
  }

  clear(): void {
    this.#control.length = 0;
    this.#datagrams.length = 0;
    this.#credits.clear();
    this.#ready.clear();
  }

  /** Sends while there is something to send and room for it. */
  pump(): void {
    // Sending can make a source write more at once; the loop below sees that without nesting.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      // Read once for all that leaves now: for small frames the clock is most of what encoding costs.
      const timestampMs = Date.now();
      while (this.#outlet.canSend && this.#sendOne(timestampMs));
    } finally {
      this.#pumping = false;
    }
  }

  #sendOne(timestampMs: number): boolean {
    const control = this.#control.shift();
    if (control !== undefined) {
      this.#outlet.send(control);
      return true;
    }
    for (const [connection, bytes] of this.#credits) {
      this.#credits.delete(connection);
      this.#outlet.send(encodeLinkFrame({ type: "credit", connection: connection.number, bytes }));
      return true;
    }
    const datagram = this.#datagrams.shift();
    if (datagram !== undefined) this.#outlet.send(datagram);
    const sentData = this.#takeTurn(timestampMs);
    return datagram !== undefined || sentData;
  }

  /** The turn of the connection that has waited longest. */
  #takeTurn(timestampMs: number): boolean {
    for (const connection of this.#ready) {
      this.#ready.delete(connection);
      const frame = connection.takeFrame(TURN_BYTES, timestampMs);
      if (frame !== undefined) this.#outlet.send(frame);
      if (connection.hasFrame) this.#ready.add(connection);
      else if (connection.takeEnd()) {
        this.#outlet.send(encodeControlMessage({ type: "send-eof", connection: connection.number }));
      }
      connection.settle();
      return true;
    }
    return false;
  }
}

/** A control message as a frame in a buffer of its own. */
export function encodeControlMessage(message: ControlMessage): Uint8Array {
  const size = 128 + bytesOf(message);
  const frame = new Uint8Array(size);
  return frame.subarray(0, encodeControlFrame(frame, 0, Date.now(), message));
}

function bytesOf(message: ControlMessage): number {
  if ("data" in message) return message.data.length;
  if ("message" in message && message.message !== undefined) return message.message.length * 3;
  return "echo" in message ? message.echo.length : 0;
}
