import type { Socket } from "node:net";
import type { Logger } from "pino";
import { describeError } from "../../base/index.ts";
import {
  type OpenRequest,
  type SessionTimings,
  type TraceEvent,
  TubeChannel,
  type TubeConnection,
} from "../core/index.ts";
import type { AuditEntry, AuditLog } from "./audit-log.ts";
import { DialError, dialTarget } from "./dial-target.ts";
import { nodeTimers } from "./node-timers.ts";
import { LISTEN_SERVICE, listenForPeer } from "./reverse-listener.ts";
import { bridgeSocket } from "./socket-bridge.ts";
import type { TargetRules } from "./target-rules.ts";
import { UdpRelay } from "./udp-relay.ts";

/**
 * Serves a connection that asks for a service by name: it accepts and uses the connection, or rejects with
 * {@link DialError}. Targets that it dials go through the same rules with `dialTarget`, and are named for the audit log.
 */
export type TubeService = (
  connection: TubeConnection,
  parameters: Readonly<Record<string, unknown>>,
  rules: TargetRules,
) => Promise<{ readonly target: string; readonly address: string } | undefined>;

export type HostedTubeOptions = {
  readonly session: string;
  readonly who: string;
  readonly targets: TargetRules;
  readonly listens: TargetRules;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly services?: Readonly<Record<string, TubeService>> | undefined;
  readonly timings?: Partial<SessionTimings> | undefined;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
  readonly ended: () => void;
};

type AuditDetails = Omit<AuditEntry, "event" | "who" | "tube" | "connection">;

/** How much of a session's name the audit log shows: enough to tell tubes apart, too little to take one over. */
const SHOWN_SESSION_DIGITS = 8;

/** One tube at the agent: every connection it opens is checked against the rules, dialled, joined and noted. */
export class HostedTube {
  readonly channel: TubeChannel;
  readonly #options: HostedTubeOptions;
  readonly #udp: UdpRelay;

  constructor(options: HostedTubeOptions) {
    this.#options = options;
    const { log, timings, trace } = options;
    this.channel = new TubeChannel({
      ...{ session: Buffer.from(options.session, "hex"), isInitiator: false, timers: nodeTimers, timings, trace },
      listener: {
        open: (connection, request) => void this.#serve(connection, request),
        datagram: (message) => this.#udp.receive(message),
        live: (transport, resumed) =>
          log.info(`A tube of ${options.who} is ${resumed ? "back" : "open"} by ${transport.kind}`),
        interrupted: (reason) => log.info(`A tube of ${options.who} is interrupted: ${reason}`),
        ended: ({ reason, text }) => {
          log.info(`A tube of ${options.who} has ended: ${text || reason}`);
          this.#udp.close();
          options.ended();
        },
      },
    });
    this.#udp = new UdpRelay(this.channel, options.targets, (event, connection, target, detail) =>
      this.#note(event, connection, {
        kind: "udp",
        target,
        ...(event === "opened" ? { address: detail } : { reason: detail }),
      }),
    );
  }

  async #serve(connection: TubeConnection, request: OpenRequest): Promise<void> {
    const kind = request.kind === "target" ? "tcp" : request.service === LISTEN_SERVICE ? "listen" : "service";
    const { host, port } = request.kind === "target" ? request : request.parameters;
    const target = request.kind === "target" || kind === "listen" ? `${host}:${port}` : request.service;
    try {
      if (request.kind === "target") await this.#connect(connection, request.host, request.port);
      else if (request.service === LISTEN_SERVICE) await this.#listen(connection, request.parameters);
      else await this.#startService(connection, request.service, request.parameters);
    } catch (error) {
      const reason = error instanceof DialError ? error.reason : "handler-error";
      const text = describeError(error);
      if (!(error instanceof DialError)) this.#options.log.error({ err: error }, `A tunnel's service failed: ${text}`);
      this.#note("refused", connection.number, { kind, target, reason: text });
      connection.close(reason, text);
    }
  }

  async #connect(connection: TubeConnection, host: string, port: number): Promise<void> {
    const socket = await dialTarget(host, port, this.#options.targets);
    if (connection.isClosed) {
      socket.destroy();
      return;
    }
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#noteSocket(connection, socket, { kind: "tcp", target: `${host}:${port}`, address });
    connection.accept();
    bridgeSocket(socket, connection);
  }

  async #listen(connection: TubeConnection, parameters: Readonly<Record<string, unknown>>): Promise<void> {
    const { host, port } = parameters;
    if (typeof host !== "string" || typeof port !== "number") {
      throw new DialError("protocol-error", "A listener needs a host and a port.");
    }
    const bound = await listenForPeer({
      ...{ channel: this.channel, connection, host, port, rules: this.#options.listens },
      accepted: (accepted, socket, peer) =>
        this.#noteSocket(accepted, socket, { kind: "accepted", target: `${host}:${port}`, address: peer }),
    });
    const address = `${bound.address}:${bound.port}`;
    const noteEnd = this.#noteBegin(connection, { kind: "listen", target: `${host}:${port}`, address });
    connection.whenClosed(({ reason }) => noteEnd({ reason }));
    connection.accept();
    connection.write(Buffer.from(JSON.stringify({ port: bound.port })));
  }

  async #startService(
    connection: TubeConnection,
    name: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const services = this.#options.services ?? {};
    const service = Object.hasOwn(services, name) ? services[name] : undefined;
    if (service === undefined) throw new DialError("client", `This agent has no service ${JSON.stringify(name)}.`);
    const reached = await service(connection, parameters, this.#options.targets);
    const target = reached === undefined ? name : `${name} ${reached.target}`;
    const noteEnd = this.#noteBegin(connection, { kind: "service", target, address: reached?.address });
    connection.whenClosed(({ reason }) => {
      noteEnd({ reason, sentBytes: connection.receivedBytes, receivedBytes: connection.sentBytes });
    });
  }

  /** Notes begin and end of a connection that leads to a socket. */
  #noteSocket(connection: TubeConnection, socket: Socket, entry: AuditDetails): void {
    const noteEnd = this.#noteBegin(connection, entry);
    socket.once("close", () => noteEnd({ sentBytes: socket.bytesWritten, receivedBytes: socket.bytesRead }));
  }

  /** Notes the begin of a connection; returns what notes its end. */
  #noteBegin({ number }: TubeConnection, entry: AuditDetails): (end: Partial<AuditDetails>) => void {
    const startedMs = performance.now();
    this.#note("opened", number, entry);
    return (end) => {
      const durationMs = Math.round(performance.now() - startedMs);
      this.#note("closed", number, { ...entry, ...end, durationMs });
    };
  }

  #note(event: AuditEntry["event"], connection: number, entry: AuditDetails): void {
    const tube = this.#options.session.slice(0, SHOWN_SESSION_DIGITS);
    this.#options.audit.write({ event, who: this.#options.who, tube, connection, ...entry });
  }
}
