import { Backoff, type Closable, Emitter, type Event } from "../../base/index.ts";
import type { CloseReason } from "../../codecs/tube/index.ts";
import { type ChannelListener, type TraceEvent, TubeChannel } from "./channel.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { type ConnectPorts, connectTransport } from "./connect-transport.ts";
import type { SessionTimings } from "./session.ts";
import { AttemptError } from "./signal-exchange.ts";
import type { TransportKind, TubeTransport } from "./transport.ts";

/** How long WebRTC is left alone after it failed too often; the WebSocket is used meanwhile. */
const BREAKER_OPEN_MS = 15_000;

const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 3000;

/** How long a tube stays on the WebSocket before WebRTC is tried again beside it. */
const UPGRADE_MS = 60_000;

/** What a dialler tells people. `text` is one full sentence. */
export type DiallerStatus = {
  readonly state: "connecting" | "live" | "waiting" | "refused";
  readonly transport: TransportKind | undefined;
  readonly text: string;
};

export type DiallerOptions = {
  readonly ports: ConnectPorts;
  /** `auto`: WebRTC, and the WebSocket where that does not work. */
  readonly transport: "auto" | TransportKind;
  /** 16 random bytes; called for each new session. */
  readonly newSession: () => Uint8Array;
  readonly random: () => number;
  /** What the channel of each session asks of its owner. */
  readonly listener: Pick<ChannelListener, "open" | "datagram">;
  /** How long the WebSocket is used before WebRTC is tried again beside it; 60 s by default. */
  readonly upgradeMs?: number | undefined;
  /** How long a transport that failed too often is left alone; 15 s by default. */
  readonly breakerOpenMs?: number | undefined;
  readonly timings?: Partial<SessionTimings> | undefined;
  readonly maxConnections?: number | undefined;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
};

/**
 * Keeps a tube to one agent: connects, goes on over a new transport after an outage, begins a new session when the old
 * one is lost. It tries for as long as it is not closed or refused for good.
 */
export class TubeDialler implements Closable {
  readonly #options: DiallerOptions;
  readonly #breakers: Readonly<Record<TransportKind, CircuitBreaker>>;
  readonly #backoff: Backoff;
  readonly #status = new Emitter<DiallerStatus>();
  readonly #channels = new Emitter<TubeChannel>();
  #session: Uint8Array;
  #channel: TubeChannel;
  #resume = false;
  /** Why the WebSocket has to be used. */
  #obstacle: AttemptError | undefined;
  #connecting = false;
  #closed = false;
  #cancelRetry: () => void = () => undefined;

  readonly onStatus: Event<DiallerStatus> = this.#status.event;
  /** A new session has replaced one that was lost, with all its connections. */
  readonly onChannel: Event<TubeChannel> = this.#channels.event;

  constructor(options: DiallerOptions) {
    this.#options = options;
    const { nowMs } = options.ports.timers;
    const breaker = (): CircuitBreaker =>
      new CircuitBreaker({ nowMs, openMs: options.breakerOpenMs ?? BREAKER_OPEN_MS });
    this.#breakers = { webrtc: breaker(), websocket: breaker() };
    this.#backoff = new Backoff({ baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS, random: options.random });
    this.#session = options.newSession();
    this.#channel = this.#openChannel();
  }

  /** The channel of the present session; connections can be opened before it is live. */
  get channel(): TubeChannel {
    return this.#channel;
  }

  /** The state of the circuit breakers, for people and metrics. */
  get breakers(): Readonly<Record<TransportKind, CircuitBreaker>> {
    return this.#breakers;
  }

  /** Begins to connect; a second call, or one while it is live, does nothing. */
  start(): void {
    if (this.#closed || this.#connecting || this.#channel.state === "live") return;
    this.#cancelRetry();
    // Its owner calls again when the hub is back; failures until then say nothing about the tube.
    if (!this.#options.ports.canSignal()) return;
    this.#connecting = true;
    void this.#connect();
  }

  close(reason: CloseReason = "normal"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRetry();
    this.#channel.close(reason);
  }

  #openChannel(): TubeChannel {
    const { ports, listener, maxConnections, timings, trace } = this.#options;
    const channel = new TubeChannel({
      ...{ session: this.#session, isInitiator: true, timers: ports.timers, maxConnections, timings, trace },
      listener: {
        open: (connection, request) => listener.open(connection, request),
        datagram: (message) => listener.datagram?.(message),
        live: (transport, resumed) => this.#live(transport, resumed),
        interrupted: (reason) => this.#interrupted(reason),
        ended: ({ text, reason }) => this.#ended(channel, text || reason),
      },
    });
    return channel;
  }

  async #connect(): Promise<void> {
    this.#say("connecting", undefined, this.#resume ? "Connecting again." : "Connecting.");
    const failures: AttemptError[] = [];
    for (const kind of this.#kinds()) {
      const result = await this.#attempt(kind);
      if (this.#closed) {
        if (!(result instanceof AttemptError)) result.close();
        return;
      }
      if (!(result instanceof AttemptError)) {
        this.#connecting = false;
        this.#obstacle = failures[0];
        this.#channel.attach(result);
        return;
      }
      failures.push(result);
      if (result.refusal !== undefined) break;
    }
    this.#connecting = false;
    this.#failed(failures);
  }

  /** In the order in which they are to be tried now. */
  #kinds(): TransportKind[] {
    const { transport } = this.#options;
    return transport === "auto" ? ["webrtc", "websocket"] : [transport];
  }

  async #attempt(kind: TransportKind): Promise<TubeTransport | AttemptError> {
    const breaker = this.#breakers[kind];
    if (!breaker.tryAcquire()) {
      const text = `${NAMES[kind]} failed too often: it is tried again in ${Math.ceil(breaker.retryAfterMs / 1000)} s.`;
      return new AttemptError("timeout", text);
    }
    try {
      const request = { session: toHex(this.#session), resume: this.#resume, transport: kind };
      const transport = await connectTransport(this.#options.ports, request);
      breaker.success();
      return transport;
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error;
      breaker.failure(error.kind);
      return error;
    }
  }

  #failed(failures: readonly AttemptError[]): void {
    const refusal = failures.find((failure) => failure.refusal !== undefined)?.refusal;
    if (refusal?.code === "unknown-session") {
      this.#channel.close("connection-lost", refusal.reason);
      return;
    }
    const text = failures.map(({ message }) => message).join(" ");
    if (refusal?.code === "forbidden" || refusal?.code === "unsupported") {
      this.#closed = true;
      this.#channel.close("server-refuse", text);
      this.#say("refused", undefined, text);
      return;
    }
    this.#retry(text, refusal?.retryAfterMs ?? 0);
  }

  #retry(text: string, atLeastMs: number): void {
    const delayMs = Math.max(this.#backoff.nextDelayMs(), atLeastMs);
    this.#say("waiting", undefined, `${text} Next attempt in ${(delayMs / 1000).toFixed(1)} s.`);
    this.#cancelRetry = this.#options.ports.timers.after(delayMs, () => this.start());
  }

  #live(transport: TubeTransport, resumed: boolean): void {
    this.#resume = true;
    this.#backoff.reset();
    if (transport.kind === "websocket" && this.#options.transport === "auto") this.#upgradeLater();
    const how = transport.kind === "webrtc" ? "directly by WebRTC" : "through the hub by WebSocket, for want of UDP";
    const what = this.#options.transport === "websocket" ? "through the hub by WebSocket" : how;
    const again = resumed ? " again; nothing was lost" : "";
    const why = transport.kind === "websocket" && this.#obstacle !== undefined ? ` ${this.#obstacle.message}` : "";
    this.#say("live", transport.kind, `Connected ${what}${again} (${transport.description}).${why}`);
  }

  /** A tube that had to use the WebSocket moves to WebRTC when that works, without its connections noticing. */
  #upgradeLater(): void {
    this.#cancelRetry = this.#options.ports.timers.after(
      this.#options.upgradeMs ?? UPGRADE_MS,
      () => void this.#upgrade(),
    );
  }

  async #upgrade(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    const channel = this.#channel;
    const result = await this.#attempt("webrtc");
    this.#connecting = false;
    const isWanted = !this.#closed && channel === this.#channel;
    if (!(result instanceof AttemptError)) {
      if (isWanted) channel.attach(result);
      else result.close();
    } else if (isWanted && channel.state === "live") this.#upgradeLater();
    else this.start();
  }

  #interrupted(reason: string): void {
    if (!this.#closed) this.#retry(`The connection broke: ${reason}`, 0);
  }

  /** The session is lost; the next one begins with nothing. */
  #ended(channel: TubeChannel, text: string): void {
    if (this.#closed || channel !== this.#channel) return;
    this.#session = this.#options.newSession();
    this.#resume = false;
    this.#channel = this.#openChannel();
    this.#channels.emit(this.#channel);
    this.#retry(`The tube ended: ${text}`, RETRY_BASE_MS);
  }

  #say(state: DiallerStatus["state"], transport: TransportKind | undefined, text: string): void {
    this.#status.emit({ state, transport, text });
  }
}

const NAMES: Readonly<Record<TransportKind, string>> = { webrtc: "WebRTC", websocket: "The WebSocket" };

/** The text of a session's bytes, as signals carry it. */
export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
