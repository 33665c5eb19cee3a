import { describeError, ProtocolError } from "../../base/index.ts";
import {
  type CloseReason,
  CONTROL_CONNECTION,
  decodeControl,
  encodeControlFrame,
  TubeFrameReader,
} from "../../codecs/tube/index.ts";
import { encodeControlMessage } from "./fair-sender.ts";
import { decodeLinkMessage, encodeLinkFrame, isSequenced, type LinkMessage } from "./link-message.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import { type Timers, TRANSPORT_HIGH_WATER_BYTES, type TubeTransport } from "./transport.ts";

/** A session's bounds in time. */
export type SessionTimings = {
  /** How often each end pings, which also measures the round trip. */
  readonly pingMs: number;
  /** A transport that brought nothing for this long is dead. */
  readonly deadMs: number;
  /** How long a new transport may take until the other end has said where to go on. */
  readonly attachMs: number;
  /** How long a session without a transport waits for the next one. */
  readonly resumeMs: number;
};

/** Outages of 30 s are survived with time to notice them and to reconnect. */
export const DEFAULT_SESSION_TIMINGS: SessionTimings = {
  pingMs: 2000,
  deadMs: 7000,
  attachMs: 10_000,
  resumeMs: 60_000,
};

/** Frames kept for a resume; with this much unacknowledged the sender waits. */
export const MAX_REPLAY_BYTES = 8 << 20;

/**
 * An acknowledgement goes out at least every so many bytes or frames: less than a transport's high water, since senders
 * that are not told of their queue wait for one.
 */
const ACK_EVERY_BYTES = TRANSPORT_HIGH_WATER_BYTES / 2;
const ACK_EVERY_FRAMES = 256;

export type SessionListener = {
  /** A sequenced frame: each exactly once, in order. The payload may be kept. */
  frame(connection: number, payload: Uint8Array): void;
  /** `canSend` may have become true. */
  writable(): void;
  /** A transport works; `windowBytes` is the other end's. */
  live(info: { readonly transport: TubeTransport; readonly resumed: boolean; readonly windowBytes: number }): void;
  interrupted(reason: string): void;
  /** The session is over, and with it everything it carried. */
  ended(reason: CloseReason, text: string): void;
};

export type SessionOptions = {
  /** 16 random bytes that both ends know. */
  readonly id: Uint8Array;
  readonly timers: Timers;
  readonly windowBytes: number;
  readonly timings?: Partial<SessionTimings> | undefined;
  readonly listener: SessionListener;
};

type Attachment = {
  readonly transport: TubeTransport;
  readonly reader: TubeFrameReader;
  readonly stops: Array<() => void>;
  live: boolean;
  heardMs: number;
};

/**
 * A reliable stream of frames over one transport after another. Both ends count the sequenced frames; after an outage
 * the next transport begins with what the other end has not got, so nothing is lost or doubled.
 */
export class TubeSession {
  readonly #options: SessionOptions;
  readonly #timings: SessionTimings;
  readonly #replay = new ReplayBuffer(MAX_REPLAY_BYTES);
  #attachment: Attachment | undefined;
  #received = 0;
  #unackedBytes = 0;
  #unackedFrames = 0;
  #resumes = -1;
  #ended = false;
  #rttMs: number | undefined;
  #pingSentMs = 0;
  #pings = 0;
  #cancelTick: () => void = () => undefined;
  #cancelResume: () => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#timings = { ...DEFAULT_SESSION_TIMINGS, ...options.timings };
    this.#startResumeTimer();
  }

  get state(): "interrupted" | "live" | "ended" {
    if (this.#ended) return "ended";
    return this.#attachment?.live ? "live" : "interrupted";
  }

  /** The last measured round trip. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** How often another transport took over. */
  get resumes(): number {
    return Math.max(0, this.#resumes);
  }

  /** Bytes kept for a resume. */
  get keptBytes(): number {
    return this.#replay.bytes;
  }

  /** Whether the transport takes a frame now; `writable` follows when not. */
  get canSend(): boolean {
    const attachment = this.#attachment;
    return (
      attachment?.live === true &&
      !this.#replay.hasUnsent &&
      !this.#replay.isFull &&
      attachment.transport.bufferedBytes < TRANSPORT_HIGH_WATER_BYTES
    );
  }

  /** Sends a whole sequenced frame, now or on the next transport. The bytes must not change afterwards. */
  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#replay.push(frame);
    this.#flush();
  }

  /** Sends a frame past everything that waits; for the last one before `close`. Lost when there is no transport. */
  sendLast(frame: Uint8Array): void {
    if (this.#attachment?.live) this.#attachment.transport.send(frame);
  }

  /** Goes on over this transport, which the session owns from now on; an earlier one is closed. */
  attach(transport: TubeTransport): void {
    if (this.#ended) {
      transport.close();
      return;
    }
    this.#detach();
    this.#startResumeTimer();
    const heardMs = this.#options.timers.nowMs();
    const attachment: Attachment = { transport, reader: new TubeFrameReader(), stops: [], live: false, heardMs };
    this.#attachment = attachment;
    const { id: session, windowBytes } = this.#options;
    transport.send(encodeLinkFrame({ type: "attach", session, received: this.#received, windowBytes }));
    this.#cancelTick = this.#options.timers.after(this.#timings.attachMs, () =>
      this.#lost(attachment, "The other end did not take the connection up."),
    );
    // Last, for a transport may deliver at once what came before anybody listened.
    const listen = (subscribe: () => () => void): void => {
      if (this.#attachment === attachment) attachment.stops.push(subscribe());
    };
    listen(() => transport.onClose((reason) => this.#lost(attachment, reason)));
    listen(() => transport.onDrain(() => this.#drained(attachment)));
    listen(() => transport.onMessage((message) => this.#receive(attachment, message)));
  }

  /** Ends the session here; what was sent before still leaves. Idempotent. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelResume();
    this.#detach();
    this.#replay.clear();
  }

  #receive(attachment: Attachment, message: Uint8Array): void {
    if (this.#attachment !== attachment) return;
    attachment.heardMs = this.#options.timers.nowMs();
    try {
      attachment.reader.push(message);
      for (;;) {
        const frame = attachment.reader.next();
        if (frame === undefined) return;
        // A frame that was cut into several messages lies in the reader's own buffer, which is used again.
        const payload = frame.bytes === message ? frame.payload() : frame.payload().slice();
        this.#take(attachment, frame.connection, payload);
        if (this.#attachment !== attachment) return;
      }
    } catch (error) {
      // Whatever a frame breaks ends this tube, and no other.
      if (error instanceof ProtocolError) this.#fail("protocol-error", error.message);
      else this.#fail("handler-error", describeError(error));
    }
  }

  /** Ends the session for what the other end sent, and tells it where it has a transport that works. */
  #fail(reason: CloseReason, message: string): void {
    this.sendLast(encodeControlMessage({ type: "close-connection", connection: CONTROL_CONNECTION, reason, message }));
    this.#end(reason, message);
  }

  #take(attachment: Attachment, connection: number, payload: Uint8Array): void {
    if (!isSequenced(connection, payload)) {
      this.#takeLinkMessage(attachment, payload);
      return;
    }
    if (!attachment.live) throw new ProtocolError("wrong-state", "A tube's transport began without an attach message.");
    this.#received += 1;
    this.#unackedFrames += 1;
    this.#unackedBytes += payload.length;
    if (this.#unackedBytes >= ACK_EVERY_BYTES || this.#unackedFrames >= ACK_EVERY_FRAMES) this.#acknowledge(attachment);
    this.#options.listener.frame(connection, payload);
  }

  #takeLinkMessage(attachment: Attachment, payload: Uint8Array): void {
    const message = decodeLinkMessage(payload);
    if (message?.type === "attach") this.#attached(attachment, message);
    else if (message?.type === "ack") {
      this.#replay.acknowledge(message.received);
      if (this.canSend) this.#options.listener.writable();
    } else this.#takePing(attachment, payload);
  }

  #attached(attachment: Attachment, message: Extract<LinkMessage, { type: "attach" }>): void {
    const { id, listener } = this.#options;
    if (attachment.live || !message.session.every((byte, index) => byte === id[index])) {
      throw new ProtocolError("wrong-state", "A tube's transport belongs to another session.");
    }
    this.#replay.acknowledge(message.received);
    this.#replay.rewind();
    attachment.live = true;
    this.#unackedBytes = 0;
    this.#unackedFrames = 0;
    this.#resumes += 1;
    this.#cancelResume();
    this.#cancelTick();
    this.#tick(attachment);
    listener.live({ transport: attachment.transport, resumed: this.#resumes > 0, windowBytes: message.windowBytes });
    this.#drained(attachment);
  }

  #takePing(attachment: Attachment, payload: Uint8Array): void {
    const message = decodeControl(payload);
    if (message.type === "ping") {
      attachment.transport.send(controlFrame({ ...message, type: "pong" }));
    } else if (message.type === "pong" && message.echo.length === 4 && readPing(message.echo) === this.#pings) {
      this.#rttMs = this.#options.timers.nowMs() - this.#pingSentMs;
    }
  }

  #acknowledge(attachment: Attachment): void {
    this.#unackedBytes = 0;
    this.#unackedFrames = 0;
    attachment.transport.send(encodeLinkFrame({ type: "ack", received: this.#received }));
  }

  #tick(attachment: Attachment): void {
    const { timers } = this.#options;
    const nowMs = timers.nowMs();
    if (nowMs - attachment.heardMs > this.#timings.deadMs) {
      this.#lost(attachment, "The other end no longer answers.");
      return;
    }
    if (this.#unackedFrames > 0) this.#acknowledge(attachment);
    this.#pings = (this.#pings + 1) >>> 0;
    this.#pingSentMs = nowMs;
    attachment.transport.send(controlFrame({ type: "ping", connection: 0, echo: writePing(this.#pings) }));
    this.#cancelTick = timers.after(this.#timings.pingMs, () => this.#tick(attachment));
  }

  #drained(attachment: Attachment): void {
    if (this.#attachment !== attachment || !attachment.live) return;
    this.#flush();
    if (this.canSend) this.#options.listener.writable();
  }

  #flush(): void {
    const attachment = this.#attachment;
    if (!attachment?.live) return;
    while (attachment.transport.bufferedBytes < TRANSPORT_HIGH_WATER_BYTES) {
      const frame = this.#replay.takeUnsent();
      if (frame === undefined) return;
      attachment.transport.send(frame);
    }
  }

  #lost(attachment: Attachment, reason: string): void {
    if (this.#attachment !== attachment) return;
    this.#detach();
    this.#startResumeTimer();
    this.#options.listener.interrupted(reason);
  }

  #detach(): void {
    this.#cancelTick();
    const attachment = this.#attachment;
    this.#attachment = undefined;
    for (const stop of attachment?.stops.splice(0) ?? []) stop();
    attachment?.transport.close();
  }

  #startResumeTimer(): void {
    this.#cancelResume();
    this.#cancelResume = this.#options.timers.after(this.#timings.resumeMs, () =>
      this.#end("connection-lost", "The network did not come back in time."),
    );
  }

  #end(reason: CloseReason, text: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.listener.ended(reason, text);
  }
}

function controlFrame(message: Parameters<typeof encodeControlFrame>[3]): Uint8Array {
  const frame = new Uint8Array(64 + ("echo" in message ? message.echo.length : 0));
  return frame.subarray(0, encodeControlFrame(frame, 0, 0, message));
}

function writePing(number: number): Uint8Array {
  return new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number]);
}

function readPing(echo: Uint8Array): number {
  return new DataView(echo.buffer, echo.byteOffset, 4).getUint32(0);
}
