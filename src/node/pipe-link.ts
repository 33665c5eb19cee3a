import type { Duplex } from "node:stream";
import { describeError, Emitter, type Event, ProtocolError } from "../base/index.ts";
import { CloseCode, closeCodeOf } from "../protocol/index.ts";
import { fitCloseReason } from "./close-reason.ts";
import type { Link, LinkClose } from "./link.ts";
import {
  DEFAULT_MESSAGE_LIMITS,
  MessageAssembler,
  type MessageLimits,
  PipedKind,
  pipedHeader,
} from "./message-assembler.ts";

/** How long `close` waits for the queued bytes to leave and the other end to hang up. */
const CLOSE_TIMEOUT_MS = 1000;

/** The code of a link that ended without a close message, as in RFC 6455 7.1.5. */
const ABNORMAL_CLOSURE = 1006;

/**
 * A link over a byte stream, for a child process's pipe. Each message is u32 LE length of the body, u8 kind (0 text,
 * 1 binary, 2 close with u16 LE code and reason), body. Reading starts with the first `onMessage` listener, so nothing
 * is lost before there is one. The link owns the stream.
 */
export class PipeLink implements Link {
  readonly kind = "pipe";
  readonly peer: string;
  readonly onDrain: Event<void>;
  readonly onClose: Event<LinkClose>;
  readonly #stream: Duplex;
  readonly #assembler: MessageAssembler;
  readonly #messages = new Emitter<string | Uint8Array>();
  readonly #drained = new Emitter<void>();
  readonly #closed = new Emitter<LinkClose>();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #reading = false;
  #end: LinkClose | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, options: { peer: string } & Partial<MessageLimits>) {
    this.#stream = stream;
    this.peer = options.peer;
    this.onDrain = this.#drained.event;
    this.onClose = this.#closed.event;
    this.#assembler = new MessageAssembler({ ...DEFAULT_MESSAGE_LIMITS, ...options }, (kind, body) =>
      this.#receive(kind, body),
    );
    stream.on("error", (error) => this.#ending({ code: ABNORMAL_CLOSURE, reason: error.message, remote: true }));
    stream.on("end", () => this.#hangUp({ code: ABNORMAL_CLOSURE, reason: "The other end went away.", remote: true }));
    stream.on("close", () => this.#finish());
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  readonly onMessage: Event<string | Uint8Array> = (listener) => {
    const unsubscribe = this.#messages.event(listener);
    if (!this.#reading) {
      this.#reading = true;
      this.#stream.on("data", (chunk: Buffer) => this.#read(chunk));
    }
    return unsubscribe;
  };

  send(message: string | Uint8Array): void {
    if (this.#end !== undefined) return;
    if (typeof message === "string") this.#write(PipedKind.text, Buffer.from(message));
    else this.#write(PipedKind.binary, message);
  }

  close(code: number = CloseCode.normal, reason = ""): void {
    if (this.#end !== undefined) return;
    const text = fitCloseReason(reason);
    const body = Buffer.allocUnsafe(2 + Buffer.byteLength(text));
    body.writeUInt16LE(code, 0);
    body.write(text, 2);
    this.#write(PipedKind.close, body);
    this.#hangUp({ code, reason: text, remote: false });
  }

  #write(kind: number, body: Uint8Array): void {
    if (this.#stream.writableEnded || this.#stream.destroyed) return;
    this.#stream.cork();
    this.#stream.write(pipedHeader(kind, body.byteLength));
    this.#stream.write(body, () => this.#written());
    this.#stream.uncork();
  }

  #written(): void {
    if (this.#stream.writableLength === 0 && this.#end === undefined) this.#drained.emit();
  }

  #read(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    try {
      this.#assembler.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(closeCodeOf(error.code), `${error.code}: ${describeError(error)}`);
    }
  }

  #receive(kind: number, body: Buffer): void {
    if (this.#end !== undefined) return;
    if (kind === PipedKind.binary) this.#messages.emit(body);
    else if (kind === PipedKind.text) this.#messages.emit(this.#decode(body));
    else {
      if (body.byteLength < 2) throw new ProtocolError("truncated", "A close message has no code.");
      this.#hangUp({ code: body.readUInt16LE(0), reason: body.toString("utf8", 2), remote: true });
    }
  }

  #decode(body: Buffer): string {
    try {
      return this.#decoder.decode(body);
    } catch (cause) {
      throw new ProtocolError("malformed", "A text message is not UTF-8.", { cause });
    }
  }

  #ending(end: LinkClose): void {
    this.#end ??= end;
  }

  /** Nothing more is delivered; what is queued still leaves, within the bound. */
  #hangUp(end: LinkClose): void {
    this.#ending(end);
    if (this.#closeTimer !== undefined || this.#stream.destroyed) return;
    this.#closeTimer = setTimeout(() => this.#stream.destroy(), CLOSE_TIMEOUT_MS);
    this.#stream.end(() => {
      if (end.remote) this.#stream.destroy();
    });
    this.#stream.resume();
  }

  #finish(): void {
    clearTimeout(this.#closeTimer);
    this.#messages.close();
    this.#drained.close();
    this.#closed.emit(this.#end ?? { code: ABNORMAL_CLOSURE, reason: "The stream was destroyed.", remote: true });
    this.#closed.close();
  }
}
