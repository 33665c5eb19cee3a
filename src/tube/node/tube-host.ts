import type { Logger } from "pino";
import { describeError } from "../../base/index.ts";
import type { AgentCommand, TubeSignal } from "../../protocol/index.ts";
import type { SessionTimings, TraceEvent, TubePeer, TubeTransport } from "../core/index.ts";
import type { AuditLog } from "./audit-log.ts";
import { DataChannelTransport } from "./data-channel-transport.ts";
import { HostedTube, type TubeService } from "./hosted-tube.ts";
import { NodePeer } from "./node-peer.ts";
import type { TargetRules } from "./target-rules.ts";
import { loadWebRtc } from "./web-rtc.ts";
import { openRelay, type RelayAddress } from "./websocket-transport.ts";

/** Tubes of one agent at once, interrupted ones included. */
export const MAX_TUBES = 32;

/** What is asked to wait when there are that many. */
const BUSY_RETRY_MS = 5000;

/** An attempt that is over at the other end may still be opening here, since signals and data travel apart. */
const LATE_OPEN_MS = 3000;

/** An attempt that nobody ends is over after this. */
const ATTEMPT_MS = 60_000;

export type TubeHostOptions = {
  /** What may be reached from here; closed unless listed. */
  readonly targets: TargetRules;
  /** Where the other end may have this machine listen; closed unless listed. */
  readonly listens: TargetRules;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** The hub for WebSockets; undefined for the hub's own agent, which takes the address from the hub's request. */
  readonly relay: RelayAddress | undefined;
  /** Services by name beside plain TCP, UDP and listening: terminals, remote desktops. */
  readonly services?: Readonly<Record<string, TubeService>> | undefined;
  readonly timings?: Partial<SessionTimings> | undefined;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
};

type TubeCommand = Extract<AgentCommand, { type: "tube" }>;
type Attempt = { readonly peer: TubePeer | undefined; readonly timer: NodeJS.Timeout };

/** The agent's side of tubes: accepts them, keeps their sessions through outages, and connects what they ask for. */
export class TubeHost {
  readonly #options: TubeHostOptions;
  readonly #tubes = new Map<string, HostedTube>();
  readonly #attempts = new Map<string, Attempt>();
  #closed = false;

  constructor(options: TubeHostOptions) {
    this.#options = options;
  }

  /** Numbers for people, metrics and tests. */
  get figures() {
    const tubes = [...this.#tubes.values()];
    return {
      tubes: tubes.length,
      attempts: this.#attempts.size,
      /** Peer connections of this process that have not been released. */
      peers: DataChannelTransport.openCount,
      connections: tubes.reduce((sum, tube) => sum + tube.channel.figures.connections, 0),
    };
  }

  /** A signal of a viewer, from the hub. */
  receive(command: TubeCommand, reply: (signal: TubeSignal) => void): void {
    const { signal } = command;
    const key = `${command.viewer}/${command.tube}`;
    if (signal.kind === "request") void this.#request(key, signal, reply);
    else if (signal.kind === "end") this.#forget(key);
    else if (signal.kind === "description" || signal.kind === "candidate")
      this.#attempts.get(key)?.peer?.receive(signal);
  }

  /** The link to the hub is gone, and with it every attempt that is not connected yet. Tubes stay. */
  linkEnded(): void {
    for (const key of [...this.#attempts.keys()]) this.#forget(key);
  }

  /** Closes every tube. Idempotent. */
  close(): void {
    this.#closed = true;
    this.linkEnded();
    for (const tube of [...this.#tubes.values()]) tube.channel.close("tunnel-closed", "The agent is ending.");
  }

  async #request(
    key: string,
    signal: Extract<TubeSignal, { kind: "request" }>,
    reply: (signal: TubeSignal) => void,
  ): Promise<void> {
    const refusal = this.#refuse(signal);
    if (refusal !== undefined) {
      reply(refusal);
      return;
    }
    const connected = (transport: TubeTransport): void => {
      this.#untrack(key);
      this.#attach(signal, transport);
    };
    try {
      if (signal.transport === "webrtc") await this.#acceptPeer(key, signal, connected, reply);
      else await this.#acceptRelay(key, signal, connected, reply);
    } catch (error) {
      this.#forget(key);
      this.#options.log.warn(`A tube could not be connected: ${describeError(error)}`);
      reply({ kind: "end", reason: describeError(error).slice(0, 1000) });
    }
  }

  #refuse({ session, resume }: Extract<TubeSignal, { kind: "request" }>): TubeSignal | undefined {
    if (resume && !this.#tubes.has(session)) {
      const reason = "The agent no longer knows this tube.";
      return { kind: "refused", code: "unknown-session", reason, retryAfterMs: 0 };
    }
    if (!this.#closed && (this.#tubes.has(session) || this.#tubes.size < MAX_TUBES)) return undefined;
    const reason = `The agent has ${this.#tubes.size} tubes: try again in ${BUSY_RETRY_MS / 1000} seconds.`;
    return { kind: "refused", code: "busy", reason, retryAfterMs: BUSY_RETRY_MS };
  }

  async #acceptPeer(
    key: string,
    { iceServers = [], relayOnly }: Extract<TubeSignal, { kind: "request" }>,
    connected: (transport: TubeTransport) => void,
    reply: (signal: TubeSignal) => void,
  ): Promise<void> {
    const peer = new NodePeer(await loadWebRtc(), iceServers, { relayOnly });
    this.#track(key, peer);
    peer.onSignal(reply);
    peer.onOpen(connected);
    peer.onFailed((error) => {
      this.#untrack(key);
      reply({ kind: "end", reason: error.message });
    });
    reply({ kind: "accepted" });
  }

  async #acceptRelay(
    key: string,
    { ticket, hub }: Extract<TubeSignal, { kind: "request" }>,
    connected: (transport: TubeTransport) => void,
    reply: (signal: TubeSignal) => void,
  ): Promise<void> {
    const address = this.#options.relay ?? (hub === undefined ? undefined : { hub, trustAnyCertificate: true });
    if (ticket === undefined || address === undefined) throw new TypeError("The hub gave no ticket for its WebSocket.");
    this.#track(key, undefined);
    const opening = openRelay(address, ticket);
    reply({ kind: "accepted" });
    connected(await opening);
  }

  #attach(signal: Extract<TubeSignal, { kind: "request" }>, transport: TubeTransport): void {
    if (this.#closed) {
      transport.close();
      return;
    }
    const existing = this.#tubes.get(signal.session);
    const tube = existing ?? this.#open(signal.session, signal.who ?? "somebody");
    tube.channel.attach(transport);
  }

  #open(session: string, who: string): HostedTube {
    const tube: HostedTube = new HostedTube({
      ...this.#options,
      ...{ session, who },
      ended: () => this.#tubes.delete(session),
    });
    this.#tubes.set(session, tube);
    return tube;
  }

  #forget(key: string): void {
    const peer = this.#attempts.get(key)?.peer;
    this.#untrack(key);
    if (peer !== undefined) setTimeout(() => peer.close(), LATE_OPEN_MS);
  }

  #track(key: string, peer: TubePeer | undefined): void {
    this.#attempts.set(key, { peer, timer: setTimeout(() => this.#forget(key), ATTEMPT_MS) });
  }

  #untrack(key: string): void {
    clearTimeout(this.#attempts.get(key)?.timer);
    this.#attempts.delete(key);
  }
}
