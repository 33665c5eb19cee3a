import type { ConnectionClose, TubeConnection } from "../../../tube/core/index.ts";

/** A connection of a tube in the shape of a WebSocket, which is what noVNC takes. */
export class ByteChannel {
  binaryType = "arraybuffer";
  readonly protocol = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #connection: TubeConnection;
  #state: "connecting" | "open" | "closed" = "connecting";
  #close: ConnectionClose | undefined;

  constructor(connection: TubeConnection) {
    this.#connection = connection;
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
      writable: () => undefined,
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

  /** Takes a copy: noVNC uses its buffer again. */
  send(bytes: Uint8Array): void {
    this.#connection.write(bytes.slice());
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
