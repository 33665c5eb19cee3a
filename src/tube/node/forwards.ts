import { connect, createServer, type Server, type Socket } from "node:net";
import { describeError, Emitter, EnvironmentError, type Event } from "../../base/index.ts";
import type { DatagramMessage, OpenRequest, TubeChannel, TubeConnection } from "../core/index.ts";
import { describeForward, type ForwardSpec } from "./forward-spec.ts";
import { ACCEPTED_SERVICE, LISTEN_SERVICE } from "./reverse-listener.ts";
import { bridgeSocket } from "./socket-bridge.ts";
import { serveSocks, type UdpAssociations } from "./socks-server.ts";
import type { SocksCredentials } from "./socks5-handshake.ts";

/** One forward that runs. */
export type RunningForward = {
  readonly id: number;
  readonly spec: ForwardSpec;
  readonly port: number;
  readonly text: string;
};

type Entry = {
  readonly id: number;
  readonly spec: ForwardSpec;
  port: number;
  server: Server | undefined;
  listener: TubeConnection | undefined;
  readonly sockets: Set<Socket>;
};

/** The operator's forwards over one tube: added and removed while it runs, and kept through lost sessions. */
export class Forwards {
  readonly #channel: () => TubeChannel;
  readonly #credentials: SocksCredentials | undefined;
  readonly #udp: UdpAssociations;
  readonly #entries = new Map<number, Entry>();
  readonly #notes = new Emitter<string>();
  #lastId = 0;

  /** What a person should know about one forward: that the agent listens, that a connection was refused. */
  readonly onNote: Event<string> = this.#notes.event;

  /** `channel` gives the present session's channel. */
  constructor(options: {
    readonly channel: () => TubeChannel;
    readonly udp: UdpAssociations;
    readonly credentials?: SocksCredentials | undefined;
  }) {
    this.#channel = options.channel;
    this.#udp = options.udp;
    this.#credentials = options.credentials;
  }

  list(): RunningForward[] {
    return [...this.#entries.values()].map(({ id, spec, port }) => ({
      id,
      spec,
      port,
      text: describeForward(spec, port),
    }));
  }

  /** Begins to forward. Rejects with {@link EnvironmentError} when the port here cannot be had. */
  async add(spec: ForwardSpec): Promise<RunningForward> {
    this.#lastId += 1;
    const { port } = spec;
    const entry: Entry = { id: this.#lastId, spec, port, server: undefined, listener: undefined, sockets: new Set() };
    if (spec.kind === "remote") this.#listenThere(entry, this.#channel());
    else await this.#listenHere(entry);
    this.#entries.set(entry.id, entry);
    return { id: entry.id, spec, port: entry.port, text: describeForward(spec, entry.port) };
  }

  /** Ends a forward with its connections; false when there is none of this number. */
  remove(id: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    entry.server?.close();
    entry.listener?.close();
    for (const socket of entry.sockets) socket.destroy();
    return true;
  }

  /** Asks a new session for the listeners that the lost one had; UDP associations end with theirs. */
  renew(channel: TubeChannel): void {
    this.#udp.close();
    for (const entry of this.#entries.values()) if (entry.spec.kind === "remote") this.#listenThere(entry, channel);
  }

  /** A connection that the agent opens: one of its listeners has accepted a socket. */
  open(connection: TubeConnection, request: OpenRequest): void {
    const listener =
      request.kind === "service" && request.service === ACCEPTED_SERVICE ? request.parameters.listener : undefined;
    const entry = [...this.#entries.values()].find((candidate) => candidate.listener?.number === listener);
    if (entry === undefined || entry.spec.kind !== "remote") {
      connection.close("client", "There is no such forward.");
      return;
    }
    const { host, hostPort } = entry.spec;
    const socket = connect({ host, port: hostPort, allowHalfOpen: true });
    this.#track(entry, socket);
    const fail = (error: Error): void => {
      this.#notes.emit(`${host}:${hostPort} cannot be reached: ${describeError(error)}`);
      connection.close("connection-failed", describeError(error));
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      connection.accept();
      bridgeSocket(socket, connection);
    });
  }

  datagram(message: DatagramMessage): void {
    this.#udp.receive(message);
  }

  close(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id);
    this.#udp.close();
  }

  #listenHere(entry: Entry): Promise<void> {
    const { bind, port } = entry.spec;
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#accept(entry, socket));
    entry.server = server;
    return new Promise((resolve, reject) => {
      server.once("error", (cause) => {
        const remedy = "Choose another port, or end the program that uses it.";
        reject(new EnvironmentError(`${bind}:${port} cannot be listened on (${cause.message}).`, remedy, { cause }));
      });
      server.listen({ host: bind, port }, () => {
        const address = server.address();
        entry.port = typeof address === "object" && address !== null ? address.port : port;
        resolve();
      });
    });
  }

  #accept(entry: Entry, socket: Socket): void {
    this.#track(entry, socket);
    const { spec } = entry;
    if (spec.kind === "socks") {
      const note = (text: string): void => this.#notes.emit(text);
      serveSocks(socket, { channel: this.#channel, udp: this.#udp, credentials: this.#credentials, note });
      return;
    }
    if (spec.kind !== "local") return;
    socket.on("error", () => socket.destroy());
    try {
      const connection = this.#channel().open({ kind: "target", host: spec.host, port: spec.hostPort });
      bridgeSocket(socket, connection);
      noteRefusal(connection, `${spec.host}:${spec.hostPort}`, (text) => this.#notes.emit(text));
      socket.resume();
    } catch (error) {
      this.#notes.emit(describeError(error));
      socket.resetAndDestroy();
    }
  }

  #track(entry: Entry, socket: Socket): void {
    entry.sockets.add(socket);
    socket.once("close", () => entry.sockets.delete(socket));
  }

  #listenThere(entry: Entry, channel: TubeChannel): void {
    const { spec } = entry;
    const text = describeForward(spec);
    const connection = channel.open({
      kind: "service",
      service: LISTEN_SERVICE,
      parameters: { host: spec.bind, port: spec.port },
    });
    entry.listener = connection;
    connection.receiveInto({
      data: (bytes) => {
        connection.consumed(bytes.length);
        entry.port = portOf(bytes) ?? spec.port;
        this.#notes.emit(`The agent listens: ${describeForward(spec, entry.port)}`);
      },
      end: () => connection.close(),
      writable: () => undefined,
      closed: ({ text: why, reason, remote }) => {
        if (remote) this.#notes.emit(`The agent does not listen for ${text}: ${why || reason}`);
      },
    });
  }
}

/** Says why when a connection is refused; a socket can only be reset. */
function noteRefusal(connection: TubeConnection, target: string, note: (text: string) => void): void {
  connection.whenClosed(({ reason, text, remote }) => {
    if (remote && !connection.isOpened) note(`${target} was refused: ${text || reason}`);
  });
}

function portOf(bytes: Uint8Array): number | undefined {
  try {
    const { port } = JSON.parse(Buffer.from(bytes).toString()) as { port?: unknown };
    return typeof port === "number" ? port : undefined;
  } catch {
    return undefined;
  }
}
