import type { AgentMessage } from "../../protocol/index.ts";
import type { Source, ViewerPort } from "../ports.ts";

type Notice = Extract<AgentMessage, { type: "notice" }>;

/** Notices of an agent that viewers who come later are still told. */
const MAX_NOTICES = 8;

/** What agents want people to know: told to those who watch now, and kept for those who come later. */
export class NoticeBoard {
  readonly #byAgent = new Map<string, Notice[]>();

  post(
    agentName: string,
    notice: Notice,
    sources: Iterable<Source>,
    watchersOf: (source: Source) => Iterable<ViewerPort>,
  ): void {
    const kept = this.#byAgent.get(agentName) ?? [];
    this.#byAgent.set(agentName, [...kept, notice].slice(-MAX_NOTICES));
    for (const source of sources) for (const viewer of watchersOf(source)) tell(viewer, source, notice);
  }

  /** Tells a viewer that has begun to watch a source. */
  replay(viewer: ViewerPort, source: Source): void {
    for (const notice of this.#byAgent.get(source.agentName) ?? []) tell(viewer, source, notice);
  }

  /** The agent has started anew. */
  clear(agentName: string): void {
    this.#byAgent.delete(agentName);
  }
}

function tell(viewer: ViewerPort, source: Source, { level, text }: Notice): void {
  viewer.tell({ type: "notice", source: source.id, level, text });
}
