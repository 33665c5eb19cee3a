import type { HubCore } from "./hub-core.ts";
import { type Access, grantsFor } from "./ports.ts";

/** What every open rung of the sources that `access` may see costs and reaches. */
export function describePerformance(core: HubCore, access: Access): unknown[] {
  const rungs = [...core.rungs.all()].filter(
    ({ number, source }) => number !== undefined && grantsFor(access, source.path).length > 0,
  );
  return rungs.map((rung) => ({
    rung: rung.number,
    source: rung.source.id,
    path: rung.source.path,
    codec: rung.codec,
    viewers: rung.subscribers.size,
    dropped: [...rung.subscribers.values()].reduce((sum, { dropped }) => sum + dropped, 0),
    agentClockOffsetUs: rung.agent?.clockOffsetUs ?? 0,
    performance: rung.performance,
  }));
}
