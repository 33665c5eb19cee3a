import {
  type ConnectionClose,
  type ConnectionSink,
  type DatagramMessage,
  type Timers,
  TransportEvents,
  TubeChannel,
  type TubeConnection,
  type TubeTransport,
} from "../../src/tube/core/index.ts";

/** Time that passes only when the test says so. */
export class FakeTime implements Timers {
  #nowMs = 0;
  #timers: Array<{ atMs: number; run: () => void }> = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get pending(): number {
    return this.#timers.length;
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = endMs;
  }
}

/** One end of a cable. Messages travel when the test delivers them, and those on the way are lost when it is cut. */
export class CableEnd implements TubeTransport {
  readonly kind = "webrtc";
  readonly description = "a cable";
  readonly events = new TransportEvents();
  readonly onMessage = this.events.onMessage;
  readonly onDrain = this.events.onDrain;
  readonly onClose = this.events.onClose;
  readonly queue: Uint8Array[] = [];
  bufferedBytes = 0;
  peer: CableEnd | undefined;

  send(message: Uint8Array): void {
    if (this.events.isClosed) return;
    this.queue.push(message);
    this.bufferedBytes += message.length;
  }

  /** Delivers one message; false when there was none. */
  deliver(): boolean {
    const message = this.queue.shift();
    if (message === undefined) return false;
    this.bufferedBytes -= message.length;
    this.peer?.events.message(message);
    this.events.drained();
    return true;
  }

  close(): void {
    this.events.closed("closed here");
    while (this.deliver());
    this.peer?.events.closed("closed there");
  }
}

export function cable(make: () => CableEnd = () => new CableEnd()): [CableEnd, CableEnd] {
  const ends: [CableEnd, CableEnd] = [make(), make()];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

function deliverAll(ends: readonly CableEnd[]): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const end of ends) moved = end.deliver() || moved;
  }
}

/** Keeps what comes; consumes it at once unless told to stall. */
export class KeepingSink implements ConnectionSink {
  readonly chunks: Uint8Array[] = [];
  ended = false;
  close: ConnectionClose | undefined;
  writableCount = 0;
  stalls = false;
  readonly connection: TubeConnection;

  constructor(connection: TubeConnection) {
    this.connection = connection;
    connection.receiveInto(this);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  data(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    if (!this.stalls) this.connection.consumed(bytes.length);
  }

  end(): void {
    this.ended = true;
  }

  writable(): void {
    this.writableCount += 1;
  }

  closed(close: ConnectionClose): void {
    this.close = close;
  }
}

export const SESSION = new Uint8Array(16).fill(7);

export type PairOptions = {
  readonly maxConnections?: number;
  /** The limit of the end that began, where it differs from the other's. */
  readonly maxNearConnections?: number;
  readonly trace?: () => void;
};

/** Two channels, joined by a cable. */
export class Pair {
  readonly time = new FakeTime();
  readonly near: TubeChannel;
  readonly far: TubeChannel;
  readonly accepted: KeepingSink[] = [];
  readonly ends: ConnectionClose[] = [];
  readonly interruptions: string[] = [];
  readonly datagrams: DatagramMessage[] = [];
  resumed = 0;
  cable: [CableEnd, CableEnd] = cable();
  onOpen = (connection: TubeConnection): void => {
    connection.accept();
    this.accepted.push(new KeepingSink(connection));
  };

  constructor(options: PairOptions = {}) {
    const { maxConnections, maxNearConnections = maxConnections, trace } = options;
    const side = (isInitiator: boolean): TubeChannel =>
      new TubeChannel({
        ...{ session: SESSION, isInitiator, timers: this.time, trace },
        maxConnections: isInitiator ? maxNearConnections : maxConnections,
        listener: {
          open: (connection) => this.onOpen(connection),
          datagram: (message) => this.datagrams.push(message),
          live: (_transport, resumed) => {
            if (resumed) this.resumed += 1;
          },
          interrupted: (reason) => this.interruptions.push(reason),
          ended: (close) => this.ends.push(close),
        },
      });
    this.near = side(true);
    this.far = side(false);
    this.connect();
  }

  connect(ends = cable()): void {
    this.cable = ends;
    this.near.attach(this.cable[0]);
    this.far.attach(this.cable[1]);
    this.deliver();
  }

  deliver(): void {
    deliverAll(this.cable);
  }

  /** Everything on the way is lost, and each end notices on its own. */
  cut(): void {
    for (const end of this.cable) {
      end.queue.length = 0;
      end.peer = undefined;
    }
    for (const end of this.cable) end.events.closed("the cable was cut");
  }

  open(): { near: KeepingSink; far: () => KeepingSink } {
    const index = this.accepted.length;
    const connection = this.near.open({ kind: "target", host: "db", port: 1 });
    const near = new KeepingSink(connection);
    this.deliver();
    return { near, far: () => this.accepted[index] as KeepingSink };
  }
}
