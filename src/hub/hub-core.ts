import type { Logger } from "pino";
import type { Closable } from "../base/index.ts";
import { monotonicUs, type ProcessCommand } from "../node/index.ts";
import { type SourceInfo, type StreamSettings, streamSettingsSchema } from "../protocol/index.ts";
import { AgentDirectory } from "./agents/index.ts";
import { CameraBook, CameraDesk, type ConfiguredCamera } from "./cameras/index.ts";
import { ControlDesk } from "./control/index.ts";
import { EventBoard } from "./events/index.ts";
import { RungTable } from "./fanout/index.ts";
import { HubMetrics } from "./metrics.ts";
import type { Access, Source, ViewerPort } from "./ports.ts";
import { SourceRegistry } from "./sources/index.ts";
import type { Store } from "./store/index.ts";
import { DEFAULT_TIMINGS, type HubTimings } from "./timings.ts";
import { TubeDesk, TubeRelay } from "./tubes/index.ts";
import { NoticeBoard, ViewerDirectory } from "./viewers/index.ts";

/** Processes that wait for a camera to be watched. */
const DEFAULT_SPARES = 1;

/** The parts of a hub, joined: who is connected, what there is to see, who sees it and who drives it. */
export class HubCore implements Closable {
  readonly timings: HubTimings;
  readonly log: Logger;
  readonly agents = new AgentDirectory();
  readonly viewers = new ViewerDirectory();
  readonly notices = new NoticeBoard();
  readonly sources = new SourceRegistry(monotonicUs);
  readonly metrics: HubMetrics;
  readonly rungs: RungTable;
  readonly desk: ControlDesk;
  readonly relay = new TubeRelay();
  readonly tubes: TubeDesk;
  readonly cameras: CameraDesk;
  readonly events: EventBoard;

  constructor(options: {
    settings: Partial<StreamSettings>;
    timings?: Partial<HubTimings> | undefined;
    iceServers?: readonly string[];
    cameras?: readonly ConfiguredCamera[];
    cameraProcess?: ProcessCommand;
    cameraSpares?: number;
    /** Names that agents have, each with the credential of the only one who may use it. */
    reserved: ReadonlyMap<string, string>;
    store: Store | undefined;
    log: Logger;
  }) {
    this.log = options.log;
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.metrics = new HubMetrics({
      agents: () => this.agents.size,
      viewers: () => this.viewers.size,
      rungs: () => [...this.rungs.all()].filter((rung) => rung.number !== undefined).length,
      liveSources: () => this.#countSources((source) => source.agent !== undefined),
      lostSources: () => this.#countSources((source) => source.agent === undefined),
      cameraStates: () => this.cameras.countStates(),
      cameraRestarts: () => this.cameras.restarts,
      cameraProcesses: () => this.cameras.pids.length,
    });
    this.rungs = new RungTable({
      settings: streamSettingsSchema.parse(options.settings),
      timings: this.timings,
      counters: this.metrics,
      nowUs: monotonicUs,
    });
    this.desk = new ControlDesk({ idleMs: this.timings.controlIdleMs, watchersOf: this.watchersOf });
    this.tubes = new TubeDesk({
      findAgent: (name) => this.agents.get(name),
      iceServers: options.iceServers ?? [],
      relay: this.relay,
      log: options.log,
    });
    this.sources.onLive((source) => this.rungs.sourceLive(source));
    this.sources.onLost((source) => {
      this.rungs.sourceLost(source);
      this.desk.releaseSource(source, source.detail);
    });
    this.sources.onChange(() => this.viewers.refreshSources());
    for (const [name, credential] of options.reserved) this.agents.reserve(name, credential);
    this.cameras = new CameraDesk({
      book: new CameraBook(options.store, options.cameras ?? []),
      process: options.cameraProcess,
      spares: options.cameraSpares ?? DEFAULT_SPARES,
      ...{ agents: this.agents, sources: this.sources, rungs: this.rungs, notices: this.notices },
      ...{ watchersOf: this.watchersOf, timings: this.timings, log: options.log },
    });
    this.events = new EventBoard({
      describeSources: (access) => this.describeSources(access),
      findSource: (id) => this.sources.get(id),
      showMotion: (source, on) => this.cameras.showMotion(source, on),
    });
    this.sources.onChange(() => this.events.sourcesChanged());
    this.cameras.onMotionView(({ source, view }) => this.events.motionView(source, view));
  }

  /** Everybody who watches a source. */
  readonly watchersOf = (source: Source): Iterable<ViewerPort> => this.rungs.watchersOf(source);

  /** The sources of one agent. */
  sourcesOf(agentName: string): Source[] {
    return [...this.sources.all()].filter((source) => source.agentName === agentName);
  }

  /** The sources as somebody with this access sees them. */
  describeSources(access: Access): SourceInfo[] {
    return this.sources.describe(access);
  }

  close(): void {
    this.events.close();
    this.cameras.close();
    this.rungs.close();
    this.desk.close();
    this.tubes.close();
    this.relay.close();
    this.viewers.close();
    this.sources.close();
  }

  #countSources(matches: (source: Source) => boolean): number {
    return [...this.sources.all()].filter(matches).length;
  }
}
