import { CloseCode } from "../../protocol/index.ts";
import { MAX_AGENTS } from "../limits.ts";
import type { AgentSession } from "./agent-session.ts";

/** The agents that are connected, and who may use which name. */
export class AgentDirectory {
  readonly #byName = new Map<string, AgentSession>();
  readonly #owners = new Map<string, string>();

  #lastId = 0;

  get size(): number {
    return this.#byName.size;
  }

  all(): Iterable<AgentSession> {
    return this.#byName.values();
  }

  get(name: string): AgentSession | undefined {
    return this.#byName.get(name);
  }

  /** The number of a new connection, never given twice. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Keeps a name for one credential, so that nobody takes it while its owner is away. */
  reserve(name: string, credential: string): void {
    this.#owners.set(name, credential);
  }

  /** Whether an agent has this name now, or it is kept for one. */
  isTaken(name: string): boolean {
    return this.#byName.has(name) || this.#owners.has(name);
  }

  /** A name that was reserved is free again. */
  release(name: string): void {
    this.#owners.delete(name);
  }

  /**
   * Admits an agent; one of the same name and credential is ended for it. Returns why it is refused instead, or undefined.
   * `replaced` is called for the earlier one, before the new one counts.
   */
  admit(agent: AgentSession, replaced: (earlier: AgentSession) => void): string | undefined {
    const owner = this.#owners.get(agent.name);
    if (owner !== undefined && owner !== agent.credential) {
      return `The name ${JSON.stringify(agent.name)} belongs to another agent of this hub: choose another name.`;
    }
    const earlier = this.#byName.get(agent.name);
    if (earlier === undefined && this.#byName.size >= MAX_AGENTS) return `The hub takes at most ${MAX_AGENTS} agents.`;
    if (earlier !== undefined) {
      replaced(earlier);
      earlier.close(CloseCode.replaced, "Another agent with this name and token has connected.");
    }
    this.#byName.set(agent.name, agent);
    return undefined;
  }

  /** Forgets an agent whose link ended. Returns false for one that was replaced before. */
  remove(agent: AgentSession): boolean {
    return this.#byName.get(agent.name) === agent && this.#byName.delete(agent.name);
  }
}
