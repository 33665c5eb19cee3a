import { describeError, type Rect, summarize } from "../../../base/index.ts";
import type { DrawLayer, Engine, EngineName, Size } from "../engine/engine.ts";
import { ENGINE_NAMES } from "../engine/engine.ts";
import { openEngine } from "../engine/engines.ts";
import type { EngineTiming } from "../messages.ts";

/** Frames that each engine draws; the first warms up and does not count. */
const FRAMES = 10;
/** An engine that needs longer than this for its frames is out; a trial must not starve the picture. */
const BUDGET_MS = 500;
/** The engine in use stays unless another is clearly faster: a change costs a canvas. */
const KEEP_FACTOR = 0.8;

/** Layers with frames of their own, and their release. */
export type Snapshot = {
  readonly layers: readonly DrawLayer[];
  readonly size: Size;
  readonly close: () => void;
};

/** Times every engine with real frames: `next` gives the newest ones, at the pace of the camera. */
export async function timeEngines(next: () => Promise<Snapshot | undefined>): Promise<readonly EngineTiming[]> {
  const timings: EngineTiming[] = [];
  for (const engine of ENGINE_NAMES) timings.push(await timeEngine(engine, next));
  return timings;
}

async function timeEngine(name: EngineName, next: () => Promise<Snapshot | undefined>): Promise<EngineTiming> {
  const timesMs: number[] = [];
  let engine: Engine | undefined;
  try {
    engine = await openEngine(name, new OffscreenCanvas(1, 1));
    for (let spentMs = 0; timesMs.length <= FRAMES && spentMs < BUDGET_MS; ) {
      const snapshot = await next();
      if (snapshot === undefined) break;
      try {
        const startMs = performance.now();
        await engine.render(snapshot.layers, snapshot.size, undefined);
        timesMs.push(performance.now() - startMs);
        spentMs += performance.now() - startMs;
      } finally {
        snapshot.close();
      }
    }
  } catch (error) {
    return { engine: name, medianMs: undefined, frames: timesMs.length, failed: describeError(error) };
  } finally {
    engine?.close();
  }
  const counted = timesMs.length > 1 ? timesMs.slice(1) : timesMs;
  const medianMs = counted.length === 0 ? undefined : summarize(counted).p50;
  return { engine: name, medianMs, frames: timesMs.length, failed: undefined };
}

/** The fastest of the timed engines; the one in use stays unless another is clearly faster. */
export function fastestEngine(timings: readonly EngineTiming[], current: EngineName): EngineName {
  const timeOf = ({ engine, medianMs }: EngineTiming): number =>
    (medianMs ?? Number.POSITIVE_INFINITY) * (engine === current ? KEEP_FACTOR : 1);
  const usable = timings.filter(({ medianMs }) => medianMs !== undefined);
  return usable.toSorted((a, b) => timeOf(a) - timeOf(b))[0]?.engine ?? current;
}

/** The part of a frame that shows. */
export function visibleSize({ visibleRect, codedWidth, codedHeight }: VideoFrame): Rect {
  return { x: 0, y: 0, width: visibleRect?.width ?? codedWidth, height: visibleRect?.height ?? codedHeight };
}
