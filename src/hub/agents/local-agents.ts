import type { Logger } from "pino";
import { type Link, type LinkClose, PipeLink, SupervisedProcess } from "../../node/index.ts";
import type { LocalAgent } from "../hub-options.ts";

/** What the owner does with a local agent. */
export type LocalAgentListener = {
  /** A run has begun; the callee serves the link. */
  started(agent: LocalAgent, link: Link): void;
  /** A run has ended; `detail` says why and when the next one begins. */
  ended(agent: LocalAgent, detail: string): void;
};

/** Runs the hub's own agents as child processes and keeps them running. */
export class LocalAgents {
  readonly #processes: readonly SupervisedProcess[];

  constructor(agents: readonly LocalAgent[], listener: LocalAgentListener, log: Logger) {
    this.#processes = agents.map((agent) => runAgent(agent, listener, log));
  }

  /** Process ids of the agents that run now. */
  get pids(): number[] {
    return this.#processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Ends them all, with everything they started. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.close()));
  }
}

function runAgent(agent: LocalAgent, listener: LocalAgentListener, log: Logger): SupervisedProcess {
  const process: SupervisedProcess = new SupervisedProcess(agent, {
    onStart: (pid, pipe) => {
      const link = new PipeLink(pipe, { peer: `pid ${pid}` });
      let isCurrent = true;
      // An agent without its link is of no use; the supervisor starts another one.
      link.onClose((_close: LinkClose) => {
        if (isCurrent && process.pid === pid) process.restart();
        isCurrent = false;
      });
      listener.started(agent, link);
    },
    onEnd: ({ reason, lastLines, retryInMs }) => {
      const next = retryInMs === 0 ? "It is being restarted." : `Next attempt in ${(retryInMs / 1000).toFixed(1)} s.`;
      log.error({ agent: agent.name, lastLines }, `The agent ${agent.name} ${reason}`);
      listener.ended(agent, `The agent ${reason}. ${next}`);
    },
    onLine: (line) => log.debug({ agent: agent.name }, line),
  });
  return process;
}
