import { ProtocolError } from "../../base/index.ts";

/** What a kept frame costs beyond its bytes, so that many small ones cannot take much memory. */
const FRAME_OVERHEAD_BYTES = 128;

/** Consumed entries at the head of the list are cut off when there are this many. */
const COMPACT_AT = 1024;

/**
 * The frames that the other end has not acknowledged, in order. The owner stops adding at `maxBytes` (policy: block);
 * nothing is ever dropped but by an acknowledgement.
 */
export class ReplayBuffer {
  readonly maxBytes: number;
  #frames: Array<Uint8Array | undefined> = [];
  #head = 0;
  #next = 0;
  /** How many frames were acknowledged before `#head`. */
  #acknowledged = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether frames wait that the present transport has not been given. */
  get hasUnsent(): boolean {
    return this.#next < this.#frames.length;
  }

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length + FRAME_OVERHEAD_BYTES;
  }

  /** The next frame to send, which stays here until it is acknowledged. */
  takeUnsent(): Uint8Array | undefined {
    const frame = this.#frames[this.#next];
    if (frame !== undefined) this.#next += 1;
    return frame;
  }

  /** Forgets everything up to the `received`th frame. Throws ProtocolError for a count that cannot be. */
  acknowledge(received: number): void {
    const sent = this.#acknowledged + this.#next - this.#head;
    if (received < this.#acknowledged || received > sent) {
      throw new ProtocolError(
        "wrong-state",
        `The other end counts ${received} frames, but ${this.#acknowledged} to ${sent} were possible.`,
      );
    }
    for (; this.#acknowledged < received; this.#acknowledged += 1) {
      this.#bytes -= (this.#frames[this.#head] as Uint8Array).length + FRAME_OVERHEAD_BYTES;
      this.#frames[this.#head] = undefined;
      this.#head += 1;
    }
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#next -= this.#head;
      this.#head = 0;
    }
  }

  /** Everything that was not acknowledged is to be sent again. */
  rewind(): void {
    this.#next = this.#head;
  }

  clear(): void {
    this.#frames = [];
    this.#head = 0;
    this.#next = 0;
    this.#bytes = 0;
  }
}
