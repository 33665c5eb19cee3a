import type { ConnectionClose, TubeConnection } from "../../../tube/core/index.ts";
import { PaneWriter } from "./pane-writer.ts";

/** RFB's PointerEvent: type, buttons, x, y. */
const POINTER_EVENT = 5;
const POINTER_EVENT_BYTES = 6;

/** A connection of a tube in the shape of a WebSocket, which is what noVNC takes. */
export class ByteChannel {
  binaryType = "arraybuffer";
  readonly protocol = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #connection: TubeConnection;
  readonly #writer: PaneWriter;
  #buttons = 0;
  #state: "connecting" | "open" | "closed" = "connecting";
  #close: ConnectionClose | undefined;

  constructor(connection: TubeConnection) {
    this.#connection = connection;
    this.#writer = new PaneWriter(connection);
    connection.whenOpened(() => {
      this.#state = "open";
      this.onopen?.();
    });
    connection.receiveInto({
      data: (bytes) => {
        this.onmessage?.({ data: bytes.slice().buffer });
        connection.consumed(bytes.length);
      },
      end: () => connection.close(),
      writable: () => this.#writer.writable(),
      closed: (close) => this.#closed(close),
    });
  }

  get readyState(): string {
    return this.#state;
  }

  /** Why it ended; undefined while it has not. */
  get closeReason(): ConnectionClose | undefined {
    return this.#close;
  }

  /** Takes a copy: noVNC uses its buffer again. Movements of the pointer are dropped while the network takes nothing. */
  send(bytes: Uint8Array): void {
    const [type, buttons = 0] = bytes;
    const isPointer = type === POINTER_EVENT && bytes.length === POINTER_EVENT_BYTES;
    if (isPointer && buttons === this.#buttons) this.#writer.writeMotion(bytes.slice());
    else this.#writer.write(bytes.slice());
    if (isPointer) this.#buttons = buttons;
  }

  close(): void {
    this.#connection.close();
  }

  #closed(close: ConnectionClose): void {
    this.#close = close;
    this.#state = "closed";
    this.onclose?.({ code: close.reason === "normal" ? 1000 : 1011, reason: close.text });
  }
}
