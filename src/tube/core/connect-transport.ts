import type { TubeSignal } from "../../protocol/index.ts";
import { AttemptError, type SignalExchange, type TubePeer } from "./signal-exchange.ts";
import type { Timers, TransportKind, TubeTransport } from "./transport.ts";

/** How long one attempt may take; UDP that is blocked shows only by silence. */
export const ATTEMPT_TIMEOUT_MS: Readonly<Record<TransportKind, number>> = { webrtc: 8000, websocket: 10_000 };

/** What connecting needs of the platform: a browser's or Node's. */
export type ConnectPorts = {
  readonly timers: Timers;
  /** Whether the hub is connected, without which no attempt can begin. */
  canSignal(): boolean;
  /** Begins an attempt at the hub. Throws AttemptError when the hub is not connected. */
  beginExchange(): SignalExchange;
  createPeer(iceServers: readonly string[]): TubePeer;
  /** Whether peers use TURN servers only; the far end is asked to do the same. */
  readonly relayOnly?: boolean | undefined;
  /** Opens the WebSocket that this ticket admits. Rejects with AttemptError. */
  openRelay(ticket: string): Promise<TubeTransport>;
};

export type ConnectRequest = {
  readonly session: string;
  readonly resume: boolean;
  readonly transport: TransportKind;
};

/** Makes one attempt to reach the far end by one kind of transport. Rejects with {@link AttemptError}. */
export function connectTransport(ports: ConnectPorts, request: ConnectRequest): Promise<TubeTransport> {
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(ports, request.transport, (result) => {
      if (result instanceof AttemptError) reject(result);
      else resolve(result);
    });
    attempt.begin(request);
  });
}

class Attempt {
  readonly #ports: ConnectPorts;
  readonly #kind: TransportKind;
  readonly #settle: (result: TubeTransport | AttemptError) => void;
  #exchange: SignalExchange | undefined;
  #peer: TubePeer | undefined;
  #stage: "asked" | "connecting" | "settled" = "asked";
  #cancelTimeout: () => void = () => undefined;

  constructor(ports: ConnectPorts, kind: TransportKind, settle: (result: TubeTransport | AttemptError) => void) {
    this.#ports = ports;
    this.#kind = kind;
    this.#settle = settle;
  }

  begin(request: ConnectRequest): void {
    this.#cancelTimeout = this.#ports.timers.after(ATTEMPT_TIMEOUT_MS[this.#kind], () => this.#timeOut());
    try {
      this.#exchange = this.#ports.beginExchange();
      this.#exchange.onSignal((signal) => this.#receive(signal));
      const relayOnly = this.#ports.relayOnly === true ? { relayOnly: true } : {};
      this.#exchange.send({ kind: "request", ...request, ...relayOnly });
    } catch (error) {
      this.#finish(asAttemptError(error));
    }
  }

  #receive(signal: TubeSignal): void {
    if (this.#stage === "settled") return;
    switch (signal.kind) {
      case "accepted":
        this.#accepted(signal);
        break;
      case "refused":
        this.#finish(new AttemptError(kindOfRefusal(signal.code), signal.reason, { refusal: signal }));
        break;
      case "description":
      case "candidate":
        this.#peer?.receive(signal);
        break;
      case "end":
        this.#finish(new AttemptError("signalling", signal.reason));
        break;
      case "request":
        break;
    }
  }

  #accepted({ iceServers, ticket }: Extract<TubeSignal, { kind: "accepted" }>): void {
    if (this.#stage !== "asked") return;
    this.#stage = "connecting";
    if (this.#kind === "webrtc") this.#connectPeer(iceServers ?? []);
    else if (ticket === undefined) this.#finish(new AttemptError("signalling", "The hub gave no ticket."));
    else void this.#connectRelay(ticket);
  }

  #connectPeer(iceServers: readonly string[]): void {
    try {
      const peer = this.#ports.createPeer(iceServers);
      this.#peer = peer;
      peer.onSignal((signal) => this.#exchange?.send(signal));
      peer.onFailed((error) => this.#finish(error));
      peer.onOpen((transport) => this.#finish(transport));
      peer.offer();
    } catch (error) {
      this.#finish(asAttemptError(error));
    }
  }

  async #connectRelay(ticket: string): Promise<void> {
    try {
      this.#finish(await this.#ports.openRelay(ticket));
    } catch (error) {
      this.#finish(asAttemptError(error));
    }
  }

  #timeOut(): void {
    if (this.#stage === "asked") this.#finish(new AttemptError("timeout", "The far end did not answer in time."));
    else if (this.#kind === "webrtc") this.#finish(this.#peer?.noWay() ?? new AttemptError("ice", "No way by UDP."));
    else this.#finish(new AttemptError("timeout", "The hub did not join the two ends in time."));
  }

  #finish(result: TubeTransport | AttemptError): void {
    if (this.#stage === "settled") {
      if (!(result instanceof AttemptError)) result.close();
      return;
    }
    this.#stage = "settled";
    this.#cancelTimeout();
    const failed = result instanceof AttemptError;
    if (failed) this.#peer?.close();
    this.#exchange?.send({ kind: "end", reason: failed ? result.message : "Connected." });
    this.#exchange?.close();
    this.#settle(result);
  }
}

function kindOfRefusal(code: Extract<TubeSignal, { kind: "refused" }>["code"]): "authentication" | "signalling" {
  return code === "forbidden" ? "authentication" : "signalling";
}

function asAttemptError(error: unknown): AttemptError {
  if (error instanceof AttemptError) return error;
  return new AttemptError("signalling", error instanceof Error ? error.message : String(error), { cause: error });
}
