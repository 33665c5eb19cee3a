import { z } from "zod";
import { ProtocolError } from "../base/index.ts";
import { controlParser, shortText } from "./control.ts";

/** What a page says to the service `ssh` besides what is typed. */
export const terminalInputSchema = z.discriminatedUnion("type", [
  /** Whether the host key that was shown is the right one. */
  z.strictObject({ type: z.literal("trust"), accept: z.boolean() }),
  /** One for each of the prompts. */
  z.strictObject({ type: z.literal("answers"), answers: z.array(z.string().max(4096)).max(16) }),
  z.strictObject({ type: z.literal("resize"), columns: z.int().min(1).max(1000), rows: z.int().min(1).max(1000) }),
]);

export type TerminalInput = z.infer<typeof terminalInputSchema>;

/** What the service `ssh` says besides what the remote program prints. */
export const terminalNoticeSchema = z.discriminatedUnion("type", [
  /** Nobody has seen this host key before. The page answers with `trust`; nothing goes on until then. */
  z.strictObject({ type: z.literal("host-key"), host: shortText, algorithm: shortText, fingerprint: shortText }),
  /** The server wants to know something. The page answers with `answers`. */
  z.strictObject({
    type: z.literal("prompts"),
    title: shortText,
    text: z.string().max(4096),
    prompts: z.array(z.strictObject({ text: shortText, echo: z.boolean() })).max(16),
  }),
  /** The shell runs. */
  z.strictObject({ type: z.literal("shell"), text: shortText }),
  /** The shell has ended; the stream ends next. */
  z.strictObject({ type: z.literal("exit"), code: z.int().optional(), signal: shortText.optional() }),
]);

export type TerminalNotice = z.infer<typeof terminalNoticeSchema>;

/** Parses a page's message. Throws {@link ProtocolError}. */
export const parseTerminalInput: (text: string) => TerminalInput = controlParser("terminal input", terminalInputSchema);

/** Parses a message for the page. Throws {@link ProtocolError}. */
export const parseTerminalNotice: (text: string) => TerminalNotice = controlParser(
  "terminal notice",
  terminalNoticeSchema,
);

const HEADER_BYTES = 5;
const DATA = 0;
const MESSAGE = 1;

/** A piece's largest content. */
export const MAX_TERMINAL_PIECE_BYTES = 64 << 10;

/** Terminal bytes as pieces of the stream, each of them u8 0, u32 length (big-endian), the bytes. */
export function encodeTerminalData(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += MAX_TERMINAL_PIECE_BYTES) {
    pieces.push(encodePiece(DATA, bytes.subarray(at, at + MAX_TERMINAL_PIECE_BYTES)));
  }
  return pieces;
}

/** A message as one piece of the stream: u8 1, u32 length (big-endian), JSON. */
export function encodeTerminalMessage(message: TerminalInput | TerminalNotice): Uint8Array {
  return encodePiece(MESSAGE, new TextEncoder().encode(JSON.stringify(message)));
}

function encodePiece(kind: number, bytes: Uint8Array): Uint8Array {
  const piece = new Uint8Array(HEADER_BYTES + bytes.length);
  piece[0] = kind;
  new DataView(piece.buffer).setUint32(1, bytes.length);
  piece.set(bytes, HEADER_BYTES);
  return piece;
}

/** Takes a stream of pieces apart, however it was cut. */
export class TerminalReader {
  readonly #onData: (bytes: Uint8Array) => void;
  readonly #onMessage: (text: string) => void;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  /** Bytes of the piece that are still to come. */
  #missing = 0;
  #message: Uint8Array | undefined;

  /** `onData` gets views over what was pushed, in pieces as they arrive. */
  constructor(onData: (bytes: Uint8Array) => void, onMessage: (text: string) => void) {
    this.#onData = onData;
    this.#onMessage = onMessage;
  }

  /** Throws {@link ProtocolError}, and what the callbacks throw. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        this.#header[this.#headerBytes] = bytes[at] as number;
        this.#headerBytes += 1;
        at += 1;
        if (this.#headerBytes === HEADER_BYTES) this.#begin();
        continue;
      }
      const taken = bytes.subarray(at, at + this.#missing);
      at += taken.length;
      this.#take(taken);
    }
  }

  #begin(): void {
    const kind = this.#header[0];
    this.#missing = new DataView(this.#header.buffer).getUint32(1);
    if (kind !== DATA && kind !== MESSAGE) {
      throw new ProtocolError("unknown-type", `A terminal's stream has a piece of the unknown kind ${kind}.`);
    }
    if (this.#missing > MAX_TERMINAL_PIECE_BYTES) {
      throw new ProtocolError("too-large", `A terminal's stream has a piece of ${this.#missing} bytes.`);
    }
    if (kind === MESSAGE) this.#message = new Uint8Array(this.#missing);
    if (this.#missing === 0) this.#end();
  }

  #take(taken: Uint8Array): void {
    const message = this.#message;
    if (message === undefined) this.#onData(taken);
    else message.set(taken, message.length - this.#missing);
    this.#missing -= taken.length;
    if (this.#missing === 0) this.#end();
  }

  #end(): void {
    this.#headerBytes = 0;
    const message = this.#message;
    this.#message = undefined;
    if (message !== undefined) this.#onMessage(new TextDecoder().decode(message));
  }
}
