import { Emitter, type Event, ProtocolError } from "../../base/index.ts";
import type { AgentSource, SourceInfo } from "../../protocol/index.ts";
import { MAX_SOURCES } from "../limits.ts";
import { type Access, type AgentPort, grantsFor, type Source } from "../ports.ts";

/** All sources of all agents. A path keeps its number for as long as the hub lives, whether its agent is there or not. */
export class SourceRegistry {
  readonly #byPath = new Map<string, Source>();
  readonly #byId = new Map<number, Source>();
  readonly #nowUs: () => number;
  #lastId = 0;
  readonly #live = new Emitter<Source>();
  readonly #lost = new Emitter<Source>();
  readonly #changed = new Emitter<void>();

  /** A source can be watched (again): it is new, or its agent has come back. */
  readonly onLive: Event<Source> = this.#live.event;
  /** A source delivers nothing more for now; its detail says why. */
  readonly onLost: Event<Source> = this.#lost.event;
  /** What viewers see of the list has changed. */
  readonly onChange: Event<void> = this.#changed.event;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  get(id: number): Source | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Source> {
    return this.#byId.values();
  }

  /** The sources that `access` may see. */
  describe(access: Access): SourceInfo[] {
    const infos: SourceInfo[] = [];
    for (const source of this.#byId.values()) {
      const grants = grantsFor(access, source.path);
      if (grants.length > 0) infos.push(infoOf(source, [...grants]));
    }
    return infos;
  }

  /**
   * Takes an agent's list of its sources; those it no longer names are lost. `number` tells the agent their numbers, by
   * key, before anyone hears of them. Throws {@link ProtocolError} for a list that cannot be taken.
   */
  announce(agent: AgentPort, list: readonly AgentSource[], number: (numbers: Record<string, number>) => void): void {
    const keys = new Set(list.map((description) => description.key));
    if (keys.size !== list.length) throw new ProtocolError("malformed", "Two sources have the same key.");
    const added = list.filter(({ key }) => !this.#byPath.has(pathOf(agent.name, key))).length;
    if (this.#byId.size + added > MAX_SOURCES) {
      throw new ProtocolError("too-large", `The hub remembers at most ${MAX_SOURCES} sources.`);
    }
    const sources = list.map((description) => this.#find(agent.name, description));
    number(Object.fromEntries(sources.map((source) => [source.description.key, source.id])));
    for (const source of this.#byId.values()) {
      const isGone = source.agentName === agent.name && !keys.has(source.description.key);
      if (isGone) this.#lose(source, "The screen was disconnected from its machine.");
    }
    for (const source of sources) this.#revive(source, agent);
    this.#changed.emit();
  }

  /** The agent's link ended; `detail` tells people why and what comes next. */
  lose(agent: AgentPort, detail: string): void {
    for (const source of this.#byId.values()) if (source.agent === agent) this.#lose(source, detail);
    this.#changed.emit();
  }

  /** Says more about a loss, such as when the next attempt comes. */
  explainLoss(agentName: string, detail: string): void {
    for (const source of this.#byId.values()) {
      if (source.agentName === agentName && source.agent === undefined) source.detail = detail.slice(0, 512);
    }
    this.#changed.emit();
  }

  /** What the list says about a camera is different from now on. */
  describeCamera(source: Source, camera: NonNullable<Source["camera"]>): void {
    source.camera = camera;
    this.#changed.emit();
  }

  /** Forgets a source for good; one that comes later under its path has another number. */
  remove(source: Source, detail: string): void {
    this.#lose(source, detail);
    this.#byId.delete(source.id);
    this.#byPath.delete(source.path);
    this.#changed.emit();
  }

  close(): void {
    this.#live.close();
    this.#lost.close();
    this.#changed.close();
  }

  #find(agentName: string, description: AgentSource): Source {
    const path = pathOf(agentName, description.key);
    const known = this.#byPath.get(path);
    if (known !== undefined) {
      known.description = description;
      return known;
    }
    const source: Source = {
      id: ++this.#lastId,
      path,
      agentName,
      description,
      agent: undefined,
      stateSinceUs: this.#nowUs(),
      detail: "",
      camera: undefined,
      cursor: undefined,
    };
    this.#byPath.set(path, source);
    this.#byId.set(source.id, source);
    return source;
  }

  #revive(source: Source, agent: AgentPort): void {
    if (source.agent === agent) return;
    source.agent = agent;
    source.stateSinceUs = this.#nowUs();
    source.detail = "";
    this.#live.emit(source);
  }

  #lose(source: Source, detail: string): void {
    if (source.agent === undefined) return;
    source.agent = undefined;
    source.stateSinceUs = this.#nowUs();
    source.detail = detail.slice(0, 512);
    source.cursor = undefined;
    this.#lost.emit(source);
  }
}

function pathOf(agentName: string, key: string): string {
  return `${agentName}/${key}`;
}

function infoOf(source: Source, grants: SourceInfo["grants"]): SourceInfo {
  const { name, width, height, primary, backend, backendReason, input, clipboard } = source.description;
  const possible = grants.filter((grant) => {
    if (grant === "pointer" || grant === "keyboard") return input;
    return grant === "view" || clipboard;
  });
  return {
    id: source.id,
    path: source.path,
    name,
    agent: source.agentName,
    kind: source.description.kind,
    groups: [...(source.camera?.groups ?? [])],
    width,
    height,
    primary,
    state: source.agent === undefined ? "lost" : "live",
    stateSinceUs: source.stateSinceUs,
    detail: source.detail,
    backend,
    backendReason,
    ...(source.camera === undefined ? {} : { health: source.camera.health() }),
    grants: possible,
  };
}
