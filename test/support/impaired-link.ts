import { connect, createServer, type Server, type Socket } from "node:net";

/** What one direction of an impaired link does to the bytes that pass it. */
export type Impairment = {
  /** Bits a second of the bottleneck; Infinity for none. */
  readonly bps: number;
  /** One way, after the bottleneck. */
  readonly delayMs: number;
  /** Up to this much more, for each piece; the order of bytes is kept. */
  readonly jitterMs: number;
  /** How long bytes may queue at the bottleneck before the sender is made to wait. */
  readonly queueMs: number;
};

export const UNIMPAIRED: Impairment = { bps: Number.POSITIVE_INFINITY, delayMs: 0, jitterMs: 0, queueMs: 100 };

/** Bytes pass in pieces of about a packet's size, so that a slow link does not deliver in lumps. */
const LEAST_PIECE_BYTES = 1400;
const MOST_PIECE_BYTES = 64 << 10;
/** Without a limit this much may be under way before the sender is made to wait. */
const MOST_QUEUED_BYTES = 1 << 20;
const TICK_MS = 1;

/** A TCP proxy on loopback in front of a server that makes the way to it slower, longer, or stops it. */
export class ImpairedLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #directions = new Set<Direction>();
  #down: Impairment = UNIMPAIRED;
  #up: Impairment = UNIMPAIRED;
  #stalledUntilMs = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a free port of loopback for connections to `targetPort`. */
  static async open(targetPort: number): Promise<ImpairedLink> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const link = new ImpairedLink(server, typeof address === "object" && address !== null ? address.port : 0);
    server.on("connection", (client) => link.#join(client, targetPort));
    return link;
  }

  /** Bytes that have come out at the clients' end. */
  get downBytes(): number {
    return [...this.#directions].reduce((sum, direction) => sum + (direction.isDown ? direction.passedBytes : 0), 0);
  }

  /** Changes both directions; what is under way goes on under the new conditions. */
  impair(down: Partial<Impairment>, up: Partial<Impairment> = {}): void {
    this.#down = { ...UNIMPAIRED, ...down };
    this.#up = { ...UNIMPAIRED, ...up };
    for (const direction of this.#directions) direction.wake();
  }

  /** Nothing passes in either direction for a while. */
  stall(ms: number): void {
    this.#stalledUntilMs = performance.now() + ms;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, targetPort: number): void {
    const server = connect({ port: targetPort, host: "127.0.0.1", noDelay: true });
    const isStalled = (): boolean => performance.now() < this.#stalledUntilMs;
    const pair = [
      new Direction(server, client, { isDown: true, isStalled, impairment: () => this.#down }),
      new Direction(client, server, { isDown: false, isStalled, impairment: () => this.#up }),
    ];
    for (const direction of pair) this.#directions.add(direction);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const direction of pair) direction.close();
        client.destroy();
        server.destroy();
      });
    }
  }
}

type Piece = { readonly bytes: Buffer; readonly leavesMs: number };

class Direction {
  readonly isDown: boolean;
  passedBytes = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #isStalled: () => boolean;
  readonly #impairment: () => Impairment;
  #pieces: Piece[] = [];
  #queuedBytes = 0;
  #bottleneckFreeMs = 0;
  #leavesMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    from: Socket,
    to: Socket,
    options: { isDown: boolean; isStalled: () => boolean; impairment: () => Impairment },
  ) {
    this.#from = from;
    this.#to = to;
    this.isDown = options.isDown;
    this.#isStalled = options.isStalled;
    this.#impairment = options.impairment;
    from.on("data", (bytes: Buffer) => this.#take(bytes));
    to.on("drain", () => this.wake());
  }

  wake(): void {
    this.#release();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#pieces = [];
  }

  #take(bytes: Buffer): void {
    const { bps, delayMs, jitterMs } = this.#impairment();
    const pieceBytes = Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, Math.round((bps / 8000) * TICK_MS)));
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const piece = bytes.subarray(start, start + pieceBytes);
      const startMs = Math.max(performance.now(), this.#bottleneckFreeMs);
      this.#bottleneckFreeMs = startMs + (piece.length * 8000) / bps;
      this.#leavesMs = Math.max(this.#leavesMs, this.#bottleneckFreeMs + delayMs + Math.random() * jitterMs);
      this.#pieces.push({ bytes: piece, leavesMs: this.#leavesMs });
      this.#queuedBytes += piece.length;
    }
    this.#release();
  }

  /** Writes what is due, makes the sender wait while the bottleneck's queue is full, and comes back for the rest. */
  #release(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    while (this.#pieces.length > 0 && !this.#isStalled() && !this.#to.writableNeedDrain) {
      const piece = this.#pieces[0] as Piece;
      if (piece.leavesMs > nowMs) break;
      this.#pieces.shift();
      this.#queuedBytes -= piece.bytes.length;
      this.passedBytes += piece.bytes.length;
      this.#to.write(piece.bytes);
    }
    const waitsMs = this.#bottleneckFreeMs - nowMs;
    const isFull = waitsMs > this.#impairment().queueMs || this.#queuedBytes > MOST_QUEUED_BYTES;
    if (isFull) this.#from.pause();
    else this.#from.resume();
    if (this.#pieces.length === 0) return;
    const dueMs = (this.#pieces[0] as Piece).leavesMs - nowMs;
    this.#timer = setTimeout(() => this.#release(), Math.min(20, Math.max(TICK_MS, dueMs)));
  }
}
