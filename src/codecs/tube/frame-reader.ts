import { ProtocolError } from "../../base/index.ts";
import { MAX_RECEIVED_PAYLOAD_BYTES, TUBE_HEADER_BYTES, TUBE_OVERHEAD_BYTES, TUBE_TERMINATOR } from "./frame.ts";

/**
 * One received frame. The reader hands out the same object for every frame: its fields and the bytes it shows are valid
 * until the reader's next `next`, `push` or `reset`.
 */
export type TubeFrame = {
  /** 0 for control messages. */
  readonly connection: number;
  /** Unix milliseconds; exact up to 2^53. */
  readonly timestampMs: number;
  /** The buffer that holds the payload, from `start` (included) to `end` (not included). */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The payload as a new view, without copying it. */
  payload(): Uint8Array;
};

class CurrentFrame implements TubeFrame {
  connection = 0;
  timestampMs = 0;
  bytes: Uint8Array;
  start = 0;
  end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  payload(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }
}

const NOTHING = new Uint8Array(0);
const SMALLEST_CARRY_BYTES = 4096;

/**
 * Reads frames from chunks that may hold several frames, or parts of one. Frames that lie whole in a chunk are shown
 * where they lie; only a frame cut by the end of a chunk is put together in a buffer that the reader keeps, whose size
 * is limited by `maxPayloadBytes`. Reading allocates nothing per frame.
 *
 * A wrong terminator (`malformed`) or too large a length (`too-large`) throws {@link ProtocolError}, after the frames
 * before it were handed out. Payloads may hold any bytes, so there is nothing to search for: from then on `push` and
 * `next` throw the same error, until `reset` drops all that was received and takes the next chunk as the start of a
 * frame. On a reliable stream the bytes in between are lost; whoever cannot make them good closes the channel.
 */
export class TubeFrameReader {
  readonly #maxPayloadBytes: number;
  readonly #frame = new CurrentFrame(NOTHING);
  /** What is being read: the chunk itself, or `#carry` while a cut frame is completed. */
  #bytes: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  #carry: Uint8Array = NOTHING;
  /** The chunk whose bytes complete `#carry`, and how many of them were taken. */
  #chunk: Uint8Array | undefined;
  #taken = 0;
  #failure: ProtocolError | undefined;

  constructor(options: { readonly maxPayloadBytes?: number } = {}) {
    const maxPayloadBytes = options.maxPayloadBytes ?? MAX_RECEIVED_PAYLOAD_BYTES;
    if (!Number.isInteger(maxPayloadBytes) || maxPayloadBytes < 0 || maxPayloadBytes > 0xffffffff) {
      throw new RangeError(`The limit of a payload cannot be ${maxPayloadBytes} bytes.`);
    }
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Bytes received of a frame that is not whole yet. */
  get pendingBytes(): number {
    return this.#end - this.#position + (this.#chunk === undefined ? 0 : this.#chunk.length - this.#taken);
  }

  /**
   * Takes the next bytes. The reader borrows `chunk` until `next` has returned undefined; pushing before that is a
   * TypeError, since frames of the earlier chunk are still to be read.
   */
  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    const carried = this.#end - this.#position;
    if (this.#chunk !== undefined || (carried > 0 && this.#bytes !== this.#carry)) {
      throw new TypeError("Read every frame of the last chunk before pushing the next one.");
    }
    if (carried > 0) {
      this.#chunk = chunk;
      this.#taken = 0;
    } else {
      this.#bytes = chunk;
      this.#position = 0;
      this.#end = chunk.length;
    }
  }

  /** The next whole frame, or undefined when more bytes are needed. Throws {@link ProtocolError}. */
  next(): TubeFrame | undefined {
    for (;;) {
      const frame = this.#read();
      if (frame !== undefined || !this.#refill()) return frame;
    }
  }

  /** Says that no more bytes will come. Throws ProtocolError `truncated` when a frame is incomplete. */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const pending = this.pendingBytes;
    if (pending > 0) throw new ProtocolError("truncated", `A tube ended ${pending} bytes into a frame.`);
  }

  /** Drops everything received, also after an error; the next chunk starts with a frame. */
  reset(): void {
    this.#bytes = NOTHING;
    this.#position = 0;
    this.#end = 0;
    this.#chunk = undefined;
    this.#failure = undefined;
  }

  #read(): TubeFrame | undefined {
    const bytes = this.#bytes;
    const start = this.#position;
    if (this.#end - start < TUBE_HEADER_BYTES) return undefined;
    const length = readUint32(bytes, start + 12);
    if (length > this.#maxPayloadBytes) throw this.#fail("too-large", start, length);
    const terminator = start + TUBE_HEADER_BYTES + length;
    if (terminator >= this.#end) return undefined;
    if (bytes[terminator] !== TUBE_TERMINATOR) throw this.#fail("malformed", start, length);
    this.#position = terminator + 1;
    const frame = this.#frame;
    frame.connection = readUint32(bytes, start);
    frame.timestampMs = readUint32(bytes, start + 4) * 0x1_0000_0000 + readUint32(bytes, start + 8);
    frame.bytes = bytes;
    frame.start = start + TUBE_HEADER_BYTES;
    frame.end = terminator;
    return frame;
  }

  /** Makes more bytes readable; false when the chunk is used up, with its rest kept in `#carry`. */
  #refill(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const chunk = this.#chunk;
    if (chunk === undefined) {
      if (this.#bytes !== this.#carry) this.#keepRest();
      return false;
    }
    if (this.#position === this.#end) {
      this.#bytes = chunk;
      this.#position = this.#taken;
      this.#end = chunk.length;
      this.#chunk = undefined;
      return true;
    }
    const wanted = this.#wantedBytes();
    const taken = Math.min(wanted - this.#end, chunk.length - this.#taken);
    this.#reserve(wanted);
    this.#carry.set(chunk.subarray(this.#taken, this.#taken + taken), this.#end);
    this.#end += taken;
    this.#taken += taken;
    if (this.#taken === chunk.length) this.#chunk = undefined;
    return taken > 0;
  }

  /** Moves what is left of the chunk to the start of `#carry`. */
  #keepRest(): void {
    const rest = this.#end - this.#position;
    if (rest > 0) {
      this.#reserve(rest);
      this.#carry.set(this.#bytes.subarray(this.#position, this.#end));
    }
    this.#bytes = this.#carry;
    this.#position = 0;
    this.#end = rest;
  }

  /** How many bytes the frame in `#carry` needs before the next step of reading it. */
  #wantedBytes(): number {
    if (this.#end < TUBE_HEADER_BYTES) return TUBE_HEADER_BYTES;
    return TUBE_OVERHEAD_BYTES + readUint32(this.#carry, 12);
  }

  #reserve(size: number): void {
    if (size <= this.#carry.length) return;
    const grown = new Uint8Array(Math.max(size, 2 * this.#carry.length, SMALLEST_CARRY_BYTES));
    grown.set(this.#carry);
    if (this.#bytes === this.#carry) this.#bytes = grown;
    this.#carry = grown;
  }

  #fail(code: "malformed" | "too-large", start: number, length: number): ProtocolError {
    const connection = readUint32(this.#bytes, start);
    const problem =
      code === "too-large"
        ? `is ${length} bytes long; the limit is ${this.#maxPayloadBytes}`
        : `of ${length} bytes does not end with ";"`;
    this.reset();
    this.#failure = new ProtocolError(code, `A tube frame of connection ${connection} ${problem}.`);
    return this.#failure;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
