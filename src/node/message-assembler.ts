import { ProtocolError } from "../base/index.ts";
import { MAX_CONTROL_BYTES, MAX_MEDIA_BYTES } from "../protocol/index.ts";

/** Largest message of each kind that an end of a link accepts, in bytes. */
export type MessageLimits = { readonly maxTextBytes: number; readonly maxBinaryBytes: number };

/** What an end accepts unless it says otherwise: control messages and media. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = {
  maxTextBytes: MAX_CONTROL_BYTES,
  maxBinaryBytes: MAX_MEDIA_BYTES,
};

/** The byte of a piped message that says what its body is; a close carries u16 LE code and a UTF-8 reason. */
export const PipedKind = { text: 0, binary: 1, close: 2 } as const;

/** Bytes before the body: u32 LE length of the body, u8 kind. */
export const PIPED_HEADER_BYTES = 5;

/** Largest body of a close message: the code and a reason of the length that a WebSocket allows. */
export const MAX_CLOSE_BYTES = 125;

/**
 * Cuts a byte stream into messages. A body that lies inside one chunk is handed on as a view of it; one that spans
 * chunks is copied once, into a buffer of its exact size. The length is checked before anything is allocated.
 */
export class MessageAssembler {
  readonly #limits: MessageLimits;
  readonly #onMessage: (kind: number, body: Buffer) => void;
  readonly #header = Buffer.alloc(PIPED_HEADER_BYTES);
  #headerBytes = 0;
  #body: Buffer | undefined;
  #bodyBytes = 0;

  /** `onMessage` gets whole messages in order and owns the body. */
  constructor(limits: MessageLimits, onMessage: (kind: number, body: Buffer) => void) {
    this.#limits = limits;
    this.#onMessage = onMessage;
  }

  /** Takes the next bytes of the stream. Throws {@link ProtocolError}; the stream is then useless. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.byteLength) {
      offset += this.#body === undefined ? this.#takeHeader(chunk, offset) : this.#takeBody(this.#body, chunk, offset);
    }
  }

  #takeHeader(chunk: Buffer, offset: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, offset);
    this.#headerBytes += taken;
    if (this.#headerBytes < PIPED_HEADER_BYTES) return taken;
    this.#headerBytes = 0;
    const length = this.#header.readUInt32LE(0);
    const kind = this.#header.readUInt8(4);
    this.#checkLength(kind, length);
    const start = offset + taken;
    if (start + length <= chunk.byteLength) {
      this.#onMessage(kind, chunk.subarray(start, start + length));
      return taken + length;
    }
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyBytes = 0;
    return taken;
  }

  #takeBody(body: Buffer, chunk: Buffer, offset: number): number {
    const taken = chunk.copy(body, this.#bodyBytes, offset);
    this.#bodyBytes += taken;
    if (this.#bodyBytes === body.byteLength) {
      this.#body = undefined;
      this.#onMessage(this.#header.readUInt8(4), body);
    }
    return taken;
  }

  #checkLength(kind: number, length: number): void {
    const limit = this.#limitOf(kind);
    if (limit === undefined) throw new ProtocolError("unknown-type", `A piped message has the unknown kind ${kind}.`);
    if (length > limit) {
      throw new ProtocolError("too-large", `A message has ${length} bytes; the limit is ${limit}.`);
    }
  }

  #limitOf(kind: number): number | undefined {
    if (kind === PipedKind.text) return this.#limits.maxTextBytes;
    if (kind === PipedKind.binary) return this.#limits.maxBinaryBytes;
    return kind === PipedKind.close ? MAX_CLOSE_BYTES : undefined;
  }
}

/** The header of a piped message. */
export function pipedHeader(kind: number, bodyBytes: number): Buffer {
  const header = Buffer.allocUnsafe(PIPED_HEADER_BYTES);
  header.writeUInt32LE(bodyBytes, 0);
  header.writeUInt8(kind, 4);
  return header;
}
