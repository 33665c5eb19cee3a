import { ProtocolError } from "../base/index.ts";
import type { Link } from "../node/index.ts";
import { CloseCode } from "../protocol/index.ts";
import { type AgentListener, AgentSession } from "./agents/index.ts";
import { clipboardFromAgent } from "./control/index.ts";
import type { HubCore } from "./hub-core.ts";
import { serveLink } from "./serve-link.ts";

/** Agents of other machines are one party: they all have the same token. */
export const REMOTE_CREDENTIAL = "remote";

/** Local agents have their name as credential; nobody else can speak for it. */
export function localCredential(name: string): string {
  return `local ${name}`;
}

/** Serves an agent's link until it ends. `credential` says who may be at the other end. */
export function serveAgent(core: HubCore, link: Link, credential: string): AgentSession {
  const listener = agentListener(core);
  const session = new AgentSession(link, {
    id: core.agents.nextId(),
    credential,
    listener,
    clockPingMs: core.timings.clockPingMs,
  });
  serveLink(link, session, { log: core.log, helloMs: core.timings.helloMs, greeted: () => session.greeted });
  link.onClose((close) => core.metrics.linkClosed("agent", close));
  return session;
}

function agentListener(core: HubCore): AgentListener {
  const { sources, rungs, notices, log } = core;
  return {
    admit(agent) {
      if (agent.credential !== REMOTE_CREDENTIAL && agent.credential !== localCredential(agent.name)) {
        return `This agent was started under another name than ${JSON.stringify(agent.name)}.`;
      }
      const refusal = core.agents.admit(agent, (earlier) => sources.lose(earlier, "The agent is being replaced."));
      if (refusal === undefined) {
        notices.clear(agent.name);
        log.info({ agent: agent.name }, `The agent ${agent.name} has connected`);
      } else log.warn({ agent: agent.name }, `Refused an agent: ${refusal}`);
      return refusal;
    },
    sources(agent, message) {
      sources.announce(agent, message.sources, (numbers) => agent.command({ type: "numbered", sources: numbers }));
    },
    rung(agent, message) {
      rungs.report(agent, message);
    },
    picture(agent, message) {
      rungs.picture(agent, message);
    },
    cursor(agent, message, sourceId) {
      const source = sources.get(sourceId);
      if (source?.agentName !== agent.name) {
        throw new ProtocolError("wrong-state", `The agent has no source ${sourceId} to show a cursor on.`);
      }
      // A source that was just lost may still have one on its way.
      if (source.agent !== agent) return;
      source.cursor = message;
      for (const viewer of core.viewers.all()) if (rungs.watches(viewer, sourceId)) viewer.showCursor(source);
    },
    clipboard(agent, message) {
      clipboardFromAgent(message.text, core.sourcesOf(agent.name), core.watchersOf);
    },
    tube(agent, message) {
      core.tubes.fromAgent(agent, message);
    },
    camera(_agent, message) {
      throw new ProtocolError("wrong-state", `An agent of a machine sent "${message.type}", as only a camera's does.`);
    },
    notice(agent, message) {
      log[message.level === "warning" ? "warn" : message.level]({ agent: agent.name }, message.text);
      notices.post(agent.name, message, core.sourcesOf(agent.name), core.watchersOf);
    },
    ended(agent, close) {
      core.tubes.agentEnded(agent);
      if (!core.agents.remove(agent)) return;
      const level = close.code === CloseCode.normal ? "info" : "warn";
      log[level]({ agent: agent.name, ...close }, `The agent ${agent.name} has gone. ${close.reason}`);
      sources.lose(agent, lossText(close.reason));
    },
  };
}

function lossText(reason: string): string {
  return `The connection to the agent ended: ${reason || "it said goodbye."}`;
}
