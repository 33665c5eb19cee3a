import type { TubeConnection } from "../../../tube/core/index.ts";

/** Input that waits for the network and the remote machine; one that takes nothing beyond this is given up. */
export const MAX_WAITING_INPUT_BYTES = 8 << 20;

/** What is given to the connection at once, so that a paste of megabytes does not pass its limit either. */
const PIECE_BYTES = 64 << 10;

/**
 * What a pane sends: as much as the connection takes, the rest when there is room again. Order is kept, and nothing is
 * lost but what `writeMotion` may drop.
 */
export class PaneWriter {
  readonly #connection: Pick<TubeConnection, "write" | "close">;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isBlocked = false;
  #droppedMotions = 0;

  constructor(connection: Pick<TubeConnection, "write" | "close">) {
    this.#connection = connection;
  }

  /** Bytes that the connection has not been given yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Movements of the pointer that were left out. */
  get droppedMotions(): number {
    return this.#droppedMotions;
  }

  /** Sends bytes, which must not change afterwards. Ends the connection at {@link MAX_WAITING_INPUT_BYTES}. */
  write(bytes: Uint8Array): void {
    if (this.#waitingBytes + bytes.length > MAX_WAITING_INPUT_BYTES) {
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#connection.close("client", "The remote machine takes no more input.");
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pump();
  }

  /** Sends where the pointer has moved, or drops it while others wait: only the last place counts. */
  writeMotion(bytes: Uint8Array): void {
    if (this.#isBlocked) this.#droppedMotions += 1;
    else this.write(bytes);
  }

  /** The connection has room again: its sink calls this. */
  writable(): void {
    this.#isBlocked = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#isBlocked) {
      const bytes = this.#waiting[0];
      if (bytes === undefined) return;
      const piece = bytes.subarray(0, PIECE_BYTES);
      if (piece.length === bytes.length) this.#waiting.shift();
      else this.#waiting[0] = bytes.subarray(PIECE_BYTES);
      this.#waitingBytes -= piece.length;
      this.#isBlocked = !this.#connection.write(piece);
    }
  }
}
