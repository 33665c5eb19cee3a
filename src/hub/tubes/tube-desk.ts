import type { Logger } from "pino";
import { ProtocolError } from "../../base/index.ts";
import type { AgentMessage, TubeSignal, ViewerMessage } from "../../protocol/index.ts";
import type { Access, AgentPort, ViewerPort } from "../ports.ts";
import type { TubeRelay } from "./tube-relay.ts";

/** Attempts to open a tube at once, of all viewers. */
export const MAX_TUBE_ATTEMPTS = 100;

/** Attempts of one viewer at once. */
export const MAX_ATTEMPTS_PER_VIEWER = 8;

/** An attempt that takes longer is over. */
const ATTEMPT_MS = 60_000;

/** How long a viewer shall wait when there are too many attempts, and when the agent is not there. */
const BUSY_RETRY_MS = 5000;
const ABSENT_RETRY_MS = 2000;

type Request = Extract<TubeSignal, { kind: "request" }>;
type Refusal = Omit<Extract<TubeSignal, { kind: "refused" }>, "kind">;

type Attempt = {
  readonly viewer: ViewerPort;
  readonly tube: number;
  readonly agent: AgentPort;
  readonly tickets: readonly [viewer: string, agent: string] | undefined;
  readonly timer: NodeJS.Timeout;
};

export type TubeDeskOptions = {
  readonly findAgent: (name: string) => AgentPort | undefined;
  /** STUN and TURN servers that both ends are told. */
  readonly iceServers: readonly string[];
  readonly relay: Pick<TubeRelay, "issue">;
  readonly log: Logger;
};

/** Introduces the two ends of a tube: decides who may, and passes on what they tell each other until they are connected. */
export class TubeDesk {
  readonly #options: TubeDeskOptions;
  readonly #attempts = new Map<string, Attempt>();
  /** Where the hub's own agents reach it; known once it listens. */
  localUrl: string | undefined;

  constructor(options: TubeDeskOptions) {
    this.#options = options;
  }

  /** Attempts under way. */
  get size(): number {
    return this.#attempts.size;
  }

  /** A viewer's message. Throws {@link ProtocolError} for one that makes no sense. */
  fromViewer(viewer: ViewerPort, { tube, agent, signal }: Extract<ViewerMessage, { type: "tube" }>): void {
    if (signal.kind === "request") {
      if (this.#attempts.has(keyOf(viewer.id, tube))) {
        throw new ProtocolError("wrong-state", `The viewer used the number ${tube} for two tubes.`);
      }
      this.#begin(viewer, tube, agent, signal);
      return;
    }
    const attempt = this.#attempts.get(keyOf(viewer.id, tube));
    // The agent or the time may have ended it meanwhile.
    if (attempt === undefined) return;
    if (signal.kind === "end") this.#forget(attempt);
    attempt.agent.command({ type: "tube", viewer: viewer.id, tube, signal });
  }

  /** An agent's message. */
  fromAgent(agent: AgentPort, { viewer, tube, signal }: Extract<AgentMessage, { type: "tube" }>): void {
    const attempt = this.#attempts.get(keyOf(viewer, tube));
    if (attempt === undefined || attempt.agent !== agent) return;
    if (signal.kind === "end" || signal.kind === "refused") this.#forget(attempt);
    attempt.viewer.tell({ type: "tube", tube, signal: signal.kind === "accepted" ? this.#accepted(attempt) : signal });
  }

  viewerEnded(viewer: ViewerPort): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.viewer === viewer) this.#end(attempt, "The viewer has left.", "agent");
    }
  }

  agentEnded(agent: AgentPort): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.agent === agent) this.#end(attempt, "The agent has gone.", "viewer");
    }
  }

  close(): void {
    for (const { timer } of this.#attempts.values()) clearTimeout(timer);
    this.#attempts.clear();
  }

  #begin(viewer: ViewerPort, tube: number, agentName: string, request: Request): void {
    const agent = this.#options.findAgent(agentName);
    const refusal = this.#refuse(viewer, agentName, agent);
    const tickets =
      request.transport === "websocket" && refusal === undefined ? this.#options.relay.issue() : undefined;
    if (refusal !== undefined || agent === undefined || (request.transport === "websocket" && tickets === undefined)) {
      const signal = { kind: "refused", ...(refusal ?? BUSY) } as const;
      this.#options.log.warn({ viewer: viewer.id, agent: agentName }, `Refused a tube: ${signal.reason}`);
      viewer.tell({ type: "tube", tube, signal });
      return;
    }
    const timer = setTimeout(() => this.#end(attempt, "Connecting took too long.", "both"), ATTEMPT_MS);
    const attempt: Attempt = { viewer, tube, agent, tickets, timer };
    this.#attempts.set(keyOf(viewer.id, tube), attempt);
    const { kind, session, resume, transport, relayOnly } = request;
    const policy = relayOnly === undefined ? {} : { relayOnly };
    const signal = {
      kind,
      session,
      resume,
      transport,
      ...policy,
      who: `viewer ${viewer.id}`,
      iceServers: this.#iceServers(),
    };
    const local = this.localUrl === undefined ? {} : { hub: this.localUrl };
    const joined = tickets === undefined ? {} : { ticket: tickets[1] };
    agent.command({ type: "tube", viewer: viewer.id, tube, signal: { ...signal, ...local, ...joined } });
  }

  #refuse(viewer: ViewerPort, agentName: string, agent: AgentPort | undefined): Refusal | undefined {
    if (!mayTunnel(viewer.access, agentName)) {
      const reason = `This token does not allow tunnels through ${JSON.stringify(agentName)}.`;
      return { code: "forbidden", reason, retryAfterMs: 0 };
    }
    if (agent === undefined) {
      const reason = `There is no agent ${JSON.stringify(agentName)} at the moment.`;
      return { code: "unknown-agent", reason, retryAfterMs: ABSENT_RETRY_MS };
    }
    const ofViewer = [...this.#attempts.values()].filter((attempt) => attempt.viewer === viewer).length;
    return this.#attempts.size >= MAX_TUBE_ATTEMPTS || ofViewer >= MAX_ATTEMPTS_PER_VIEWER ? BUSY : undefined;
  }

  #accepted({ tickets }: Attempt): TubeSignal {
    const accepted = { kind: "accepted", iceServers: this.#iceServers() } as const;
    return tickets === undefined ? accepted : { ...accepted, ticket: tickets[0] };
  }

  #iceServers(): string[] {
    return [...this.#options.iceServers];
  }

  #end(attempt: Attempt, reason: string, tell: "viewer" | "agent" | "both"): void {
    this.#forget(attempt);
    const { viewer, tube, agent } = attempt;
    const signal = { kind: "end", reason } as const;
    if (tell !== "agent") viewer.tell({ type: "tube", tube, signal });
    if (tell !== "viewer") agent.command({ type: "tube", viewer: viewer.id, tube, signal });
  }

  #forget(attempt: Attempt): void {
    clearTimeout(attempt.timer);
    this.#attempts.delete(keyOf(attempt.viewer.id, attempt.tube));
  }
}

const BUSY: Refusal = {
  code: "busy",
  reason: `Too many tubes are being opened: try again in ${BUSY_RETRY_MS / 1000} seconds.`,
  retryAfterMs: BUSY_RETRY_MS,
};

/** A right to sources counts for the agents that own them. */
function mayTunnel(access: Access, agentName: string): boolean {
  if (!access.grants.includes("tunnel")) return false;
  return access.sourcePaths === undefined || [...access.sourcePaths].some((path) => path.startsWith(`${agentName}/`));
}

function keyOf(viewer: number, tube: number): string {
  return `${viewer}/${tube}`;
}
