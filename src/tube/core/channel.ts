import { EnvironmentError, ProtocolError } from "../../base/index.ts";
import { type CloseReason, CONTROL_CONNECTION, type ControlMessage, decodeControl } from "../../codecs/tube/index.ts";
import { type ConnectionClose, type ConnectionHost, TubeConnection } from "./connection.ts";
import { encodeControlMessage, FairSender } from "./fair-sender.ts";
import { decodeLinkMessage, type LinkMessage } from "./link-message.ts";
import { decodeOpenRequest, encodeOpenRequest, type OpenRequest } from "./open-request.ts";
import { INITIAL_WINDOW_BYTES, WINDOW_BUDGET_BYTES, type WindowBudget } from "./receive-window.ts";
import { type SessionTimings, TubeSession } from "./session.ts";
import type { Timers, TubeTransport } from "./transport.ts";

/** Connections of one channel at once, both directions together, unless told otherwise. */
export const MAX_CONNECTIONS = 2048;

/** A message about UDP, as the channel hands it on. */
export type DatagramMessage = ControlMessage & {
  readonly type: "udp-associate" | "udp-associate-opened" | "udp-packet" | "udp-associate-closed";
};

/** A channel has as many connections as it may have; another one may be asked for when some are closed. */
export class ChannelFullError extends EnvironmentError {
  constructor(maxConnections: number) {
    super(`A tube has at most ${maxConnections} connections.`, "Close some first.");
  }
}

/** One thing that happened, for a log; asked for only while somebody listens. */
export type TraceEvent = { readonly event: string; readonly connection: number; readonly bytes?: number };

/** What the owner of a channel decides and hears. */
export type ChannelListener = {
  /** The other end wants a connection: call its `accept`, or `close` it with the reason. */
  open(connection: TubeConnection, request: OpenRequest): void;
  datagram?(message: DatagramMessage): void;
  live(transport: TubeTransport, resumed: boolean): void;
  interrupted(reason: string): void;
  /** The channel is over; every connection has been told before. */
  ended(close: ConnectionClose): void;
};

export type ChannelOptions = {
  readonly session: Uint8Array;
  /** The end that began the tube; the two ends number their connections odd and even. */
  readonly isInitiator: boolean;
  readonly timers: Timers;
  readonly listener: ChannelListener;
  readonly maxConnections?: number | undefined;
  readonly timings?: Partial<SessionTimings> | undefined;
  /** Hears of every frame. Without it tracing costs one comparison per frame. */
  readonly trace?: ((event: TraceEvent) => void) | undefined;
};

/** Many connections over one session, whatever carries that at the moment. */
export class TubeChannel {
  readonly #options: ChannelOptions;
  readonly #session: TubeSession;
  readonly #sender: FairSender;
  readonly #connections = new Map<number, TubeConnection>();
  readonly #budget: WindowBudget = { remainingBytes: WINDOW_BUDGET_BYTES };
  readonly #host: ConnectionHost;
  readonly #trace: ((event: TraceEvent) => void) | undefined;
  #peerWindowBytes = INITIAL_WINDOW_BYTES;
  #nextNumber: number;
  #closed = false;
  #sentBytes = 0;
  #receivedBytes = 0;
  #strayFrames = 0;
  #unreadMessages = 0;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#trace = options.trace;
    this.#nextNumber = options.isInitiator ? 1 : 2;
    const { timers } = options;
    this.#session = new TubeSession({
      id: options.session,
      timers,
      windowBytes: INITIAL_WINDOW_BYTES,
      timings: options.timings,
      listener: {
        frame: (connection, payload) => this.#receive(connection, payload),
        writable: () => this.#sender.pump(),
        live: ({ transport, resumed, windowBytes }) => {
          this.#peerWindowBytes = windowBytes;
          options.listener.live(transport, resumed);
        },
        interrupted: (reason) => options.listener.interrupted(reason),
        ended: (reason, text) => this.#end({ reason, text, remote: false }),
      },
    });
    const session = this.#session;
    const outlet = {
      get canSend() {
        return session.canSend;
      },
      send: (frame: Uint8Array) => this.#send(frame),
    };
    this.#sender = new FairSender(outlet, () => {
      const text = "The other end asks for more than it reads the answers of.";
      this.#end({ reason: "protocol-error", text, remote: false });
    });
    this.#host = this.#makeHost();
  }

  get state(): "interrupted" | "live" | "ended" {
    return this.#closed ? "ended" : this.#session.state;
  }

  /** Numbers for people, metrics and tests; after the channel's end all but the totals are 0. */
  get figures() {
    let queuedBytes = 0;
    let unconsumedBytes = 0;
    for (const connection of this.#connections.values()) {
      queuedBytes += connection.queuedBytes;
      unconsumedBytes += connection.unconsumedBytes;
    }
    return {
      connections: this.#connections.size,
      queuedBytes,
      unconsumedBytes,
      keptBytes: this.#session.keptBytes,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      rttMs: this.#session.rttMs,
      resumes: this.#session.resumes,
      strayFrames: this.#strayFrames,
      unreadMessages: this.#unreadMessages,
      droppedDatagrams: this.#sender.droppedDatagrams,
    };
  }

  /** Carries on over this transport, which the channel owns from now on. */
  attach(transport: TubeTransport): void {
    this.#session.attach(transport);
  }

  /**
   * Asks the other end for a connection. It can be written to at once; `whenOpened` or its sink's `closed` says how it
   * went. Throws {@link ChannelFullError}, or EnvironmentError when the channel is over.
   */
  open(request: OpenRequest): TubeConnection {
    const connection = this.#add(this.#takeNumber());
    this.#sender.control({ type: "open-connection", connection: connection.number, data: encodeOpenRequest(request) });
    return connection;
  }

  /** A number for a UDP association, from the same sequence as connections. */
  takeAssociationNumber(): number {
    return this.#takeNumber();
  }

  /** Sends a message about UDP; packets may be dropped when the network is slow, as UDP allows. */
  sendDatagram(message: DatagramMessage): void {
    if (this.#closed) return;
    if (message.type === "udp-packet") this.#sender.datagram(message);
    else this.#sender.control(message);
  }

  /** Closes every connection and the channel, and tells the other end. Idempotent. */
  close(reason: CloseReason = "normal", text = ""): void {
    if (this.#closed) return;
    const farewell = { type: "close-connection", connection: CONTROL_CONNECTION, reason, message: text } as const;
    this.#session.sendLast(encodeControlMessage(farewell));
    this.#end({ reason, text, remote: false });
  }

  #makeHost(): ConnectionHost {
    return {
      budget: this.#budget,
      nowMs: () => this.#options.timers.nowMs(),
      rttMs: () => this.#session.rttMs ?? 0,
      ready: (connection) => this.#sender.ready(connection),
      credit: (connection, bytes) => this.#sender.credit(connection, bytes),
      opened: ({ number }) => this.#sender.control({ type: "connection-opened", connection: number }),
      finished: (connection, { reason, text }, tell) => {
        this.#connections.delete(connection.number);
        this.#sender.remove(connection);
        if (!tell || this.#closed) return;
        const message = { type: "close-connection", connection: connection.number, reason } as const;
        this.#sender.control(text === "" ? message : { ...message, message: text });
      },
    };
  }

  #send(frame: Uint8Array): void {
    this.#sentBytes += frame.length;
    if (this.#trace !== undefined) this.#trace({ event: "sent", connection: numberOf(frame), bytes: frame.length });
    this.#session.send(frame);
  }

  #receive(number: number, payload: Uint8Array): void {
    this.#receivedBytes += payload.length;
    if (this.#trace !== undefined) this.#trace({ event: "received", connection: number, bytes: payload.length });
    if (number === CONTROL_CONNECTION) {
      this.#receiveControl(payload);
      return;
    }
    const connection = this.#connections.get(number);
    // Frames that were on their way when a connection was closed here.
    if (connection === undefined) this.#strayFrames += 1;
    else this.#guard(connection, () => connection.receiveData(payload));
  }

  #receiveControl(payload: Uint8Array): void {
    const message = this.#readControl(payload);
    switch (message?.type) {
      case "credit":
        this.#connections.get(message.connection)?.receiveCredit(message.bytes);
        break;
      case "open-connection":
        this.#receiveOpen(message.connection, message.data);
        break;
      case "connection-opened":
        this.#withConnection(message.connection, (connection) => connection.setOpened());
        break;
      case "send-eof":
        this.#withConnection(message.connection, (connection) => connection.receiveEnd());
        break;
      case "close-connection":
        this.#receiveClose(message.connection, { reason: message.reason, text: message.message ?? "", remote: true });
        break;
      case "udp-associate":
      case "udp-associate-opened":
      case "udp-packet":
      case "udp-associate-closed":
        this.#options.listener.datagram?.(message as DatagramMessage);
        break;
    }
  }

  /** A message of a newer peer, or a wrong one, is passed over: the frames behind it are in order. */
  #readControl(payload: Uint8Array): ControlMessage | LinkMessage | undefined {
    try {
      return decodeLinkMessage(payload) ?? decodeControl(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#unreadMessages += 1;
      this.#trace?.({ event: `unread: ${error.message}`, connection: CONTROL_CONNECTION, bytes: payload.length });
      return undefined;
    }
  }

  #receiveOpen(number: number, data: Uint8Array): void {
    const existing = this.#connections.get(number);
    if (existing !== undefined) {
      // Asked again: the answer is the same, and one that is still being opened will be answered.
      if (existing.isOpened) this.#sender.control({ type: "connection-opened", connection: number });
      return;
    }
    if (number === CONTROL_CONNECTION || number % 2 === (this.#options.isInitiator ? 1 : 0)) {
      throw new ProtocolError("wrong-state", `The other end took the connection number ${number}.`);
    }
    if (this.#connections.size >= this.maxConnections) {
      const text = `There are ${this.maxConnections} connections already.`;
      this.#sender.control({ type: "close-connection", connection: number, reason: "server-refuse", message: text });
      return;
    }
    const connection = this.#add(number);
    this.#guard(connection, () => this.#options.listener.open(connection, decodeOpenRequest(data)));
  }

  get maxConnections(): number {
    return this.#options.maxConnections ?? MAX_CONNECTIONS;
  }

  #receiveClose(number: number, close: ConnectionClose): void {
    if (number === CONTROL_CONNECTION) this.#end(close);
    else this.#withConnection(number, (connection) => connection.finish(close, false));
  }

  #withConnection(number: number, act: (connection: TubeConnection) => void): void {
    const connection = this.#connections.get(number);
    if (connection !== undefined) this.#guard(connection, () => act(connection));
  }

  /** What goes wrong with one connection ends that connection only. */
  #guard(connection: TubeConnection, act: () => void): void {
    try {
      act();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      connection.close(error instanceof ProtocolError ? "protocol-error" : "handler-error", text);
    }
  }

  #add(number: number): TubeConnection {
    const connection = new TubeConnection(number, this.#host, this.#peerWindowBytes);
    this.#connections.set(number, connection);
    return connection;
  }

  #takeNumber(): number {
    if (this.#closed) throw new EnvironmentError("The tube is closed.", "Open another one.");
    if (this.#connections.size >= this.maxConnections) {
      throw new ChannelFullError(this.maxConnections);
    }
    for (;;) {
      const number = this.#nextNumber;
      this.#nextNumber = number + 2 > 0xffff_fffe ? 2 - (number % 2) : number + 2;
      if (!this.#connections.has(number)) return number;
    }
  }

  #end(close: ConnectionClose): void {
    if (this.#closed) return;
    this.#closed = true;
    const reason: CloseReason = close.reason === "normal" ? "tunnel-closed" : close.reason;
    for (const connection of [...this.#connections.values()]) connection.finish({ ...close, reason }, false);
    this.#sender.clear();
    this.#session.close();
    this.#options.listener.ended(close);
  }
}

function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset, 4).getUint32(0);
}
