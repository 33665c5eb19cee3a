import type { Logger } from "pino";
import { type Closable, Emitter, type Event } from "../../base/index.ts";
import { type Link, monotonicUs, type ProcessCommand } from "../../node/index.ts";
import type {
  AgentSource,
  Camera,
  CameraCredentials,
  CameraDelivery,
  CameraHealth,
  MotionReport,
  MotionView,
} from "../../protocol/index.ts";
import type { AgentDirectory } from "../agents/index.ts";
import type { RungTable } from "../fanout/index.ts";
import type { Source, ViewerPort } from "../ports.ts";
import type { SourceRegistry } from "../sources/index.ts";
import type { HubTimings } from "../timings.ts";
import type { NoticeBoard } from "../viewers/index.ts";
import type { CameraBook, CameraEntry } from "./camera-book.ts";
import { CameraPool, type PoolClient } from "./camera-pool.ts";
import { ProbeDesk } from "./camera-probe.ts";
import { CAMERA_KEY, CameraRunner, type RunnerContext } from "./camera-runner.ts";
import {
  type CameraWorker,
  type LaunchWorker,
  linkedWorker,
  processLauncher,
  type WorkerOptions,
} from "./camera-worker.ts";

/** One movement as a camera told it; `atMs` is the time since 1970 of the picture that it is about. */
export type CameraMotion = {
  readonly source: Source;
  readonly camera: Camera;
  readonly report: MotionReport;
  readonly atMs: number;
};

/** What one camera's motion detector sees now. */
export type CameraMotionView = { readonly source: Source; readonly view: MotionView };

/** The hub's parts that cameras use. */
export type CameraDeskOptions = {
  readonly book: CameraBook;
  /** How to start a process that becomes a camera; without it cameras are listed and never start. */
  readonly process: ProcessCommand | undefined;
  /** Processes kept ready. */
  readonly spares: number;
  readonly agents: AgentDirectory;
  readonly sources: SourceRegistry;
  readonly rungs: RungTable;
  readonly notices: NoticeBoard;
  readonly watchersOf: (source: Source) => Iterable<ViewerPort>;
  readonly timings: HubTimings;
  readonly log: Logger;
};

/** Before a camera has ever delivered, its picture is taken to be this large. */
const FIRST_SIZE = { width: 1280, height: 720 };

/** Processes that are being started at the same time. */
const MAX_STARTING = 4;

/** Cameras that change over to another process at the same time. */
const MAX_RENEWING = 1;

const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 30_000;
const STABLE_MS = 10_000;
const RENEW_MS = 30_000;

/** More memory than at the start that a process may take. */
const MAX_GROWTH_BYTES = 400 << 20;

/** Agents of other machines cannot take the name of a camera. */
const CREDENTIAL = "camera";

/**
 * The hub's cameras. Each is a source that is always there; its process is started on demand, from a pool of spares, and
 * nothing that happens to one camera touches another.
 */
export class CameraDesk implements Closable {
  readonly #options: CameraDeskOptions;
  readonly #pool: CameraPool;
  readonly #probes: ProbeDesk;
  readonly #runners = new Map<string, { readonly runner: CameraRunner; readonly source: Source }>();
  readonly #motion = new Emitter<CameraMotion>();
  readonly #motionLost = new Emitter<Source>();
  readonly #motionView = new Emitter<CameraMotionView>();
  /** Every process that has not ended yet. */
  readonly #alive = new Set<CameraWorker>();
  readonly #check: NodeJS.Timeout;

  /** A camera told of a movement. */
  readonly onMotion: Event<CameraMotion> = this.#motion.event;
  /** Whoever told of this camera's movements is gone, and says nothing more of one that goes on. */
  readonly onMotionLost: Event<Source> = this.#motionLost.event;
  /** A camera of {@link showMotion} told what its detector sees. */
  readonly onMotionView: Event<CameraMotionView> = this.#motionView.event;

  constructor(options: CameraDeskOptions) {
    this.#options = options;
    this.#pool = new CameraPool(this.#launcher(), { spares: options.spares, maxStarting: MAX_STARTING });
    this.#probes = new ProbeDesk((client) => this.#pool.take(client));
    this.#check = setInterval(() => this.#recycle(), options.timings.cameraCheckMs);
    for (const entry of options.book.all()) this.#open(entry);
    this.#keepSpares();
  }

  /** Every camera with its health and the number of its source; that is undefined while it is disabled. */
  list(): Array<{ entry: CameraEntry; health: CameraHealth | undefined; source: Source | undefined }> {
    return this.#options.book.all().map((entry) => {
      const opened = this.#runners.get(entry.camera.id);
      return { entry, health: opened?.runner.health, source: opened?.source };
    });
  }

  get(id: string): CameraEntry | undefined {
    return this.#options.book.get(id);
  }

  get size(): number {
    return this.#options.book.size;
  }

  /** Whether a new camera cannot have this id, since an agent has that name. */
  isTaken(id: string): boolean {
    return !this.#runners.has(id) && this.#options.agents.isTaken(id);
  }

  /** Adds a camera, or changes it while it runs. */
  put(camera: Camera, credentials: CameraCredentials | undefined): void {
    const entry = this.#options.book.put(camera, credentials);
    const opened = this.#runners.get(camera.id);
    if (!camera.enabled) this.#close(camera.id, "The camera was switched off.");
    else if (opened === undefined) this.#open(entry);
    else {
      opened.source.description = { ...opened.source.description, name: camera.name };
      opened.runner.update(entry);
    }
    this.#keepSpares();
  }

  remove(id: string): void {
    this.#options.book.remove(id);
    this.#close(id, "The camera was removed.");
    this.#keepSpares();
  }

  /** Finds out what a source delivers. Rejects with an `EnvironmentError` for people. */
  probe(camera: Camera, credentials: CameraCredentials | undefined): Promise<CameraDelivery> {
    return this.#probes.probe(camera, credentials);
  }

  /** Whether a page may publish its camera as this one. */
  isPublishable(id: string): boolean {
    return this.#runners.get(id)?.runner.entry.camera.source.kind === "browser";
  }

  /** Takes the link of a page that publishes its camera. */
  publish(id: string, link: Link): void {
    const worker = linkedWorker(
      link,
      { ready: () => this.#runners.get(id)?.runner.attach(worker), failed: () => {} },
      this.#workerOptions(),
    );
  }

  /** Begins or ends to show what a source's motion detector sees; calls are counted. */
  showMotion(source: Source, on: boolean): void {
    const opened = this.#runners.get(source.agentName);
    if (opened?.source === source) opened.runner.showMotion(on);
  }

  /** Process ids of the cameras and of the spares, those that are ending included. */
  get pids(): number[] {
    return [...this.#alive].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** How many cameras are in each state. */
  countStates(): Map<CameraHealth["state"], number> {
    const counts = new Map<CameraHealth["state"], number>();
    for (const { runner } of this.#runners.values()) {
      const { state } = runner.health;
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  /** Runs that ended by themselves, of all cameras there are. */
  get restarts(): number {
    return [...this.#runners.values()].reduce((sum, { runner }) => sum + runner.health.restarts, 0);
  }

  /** Resolves when every process is gone. */
  async end(): Promise<void> {
    this.close();
    await Promise.all([...this.#alive].map(({ gone }) => gone));
  }

  close(): void {
    clearInterval(this.#check);
    this.#probes.close();
    this.#pool.close();
    for (const { runner } of this.#runners.values()) runner.close();
    this.#motion.close();
    this.#motionLost.close();
    this.#motionView.close();
  }

  #open(entry: CameraEntry): void {
    const { camera, delivery } = entry;
    const { agents, sources } = this.#options;
    if (!camera.enabled) return;
    if (agents.isTaken(camera.id)) {
      this.#options.log.error(
        { camera: camera.id },
        "A camera has the name of an agent and is left out; rename one of them.",
      );
      return;
    }
    agents.reserve(camera.id, CREDENTIAL);
    let source: Source | undefined;
    const runner: CameraRunner = new CameraRunner(
      entry,
      this.#context(
        () => runner,
        () => source as Source,
      ),
    );
    sources.announce(runner, [describe(camera, delivery)], (numbers) => {
      source = sources.get(numbers[CAMERA_KEY] as number);
    });
    this.#runners.set(camera.id, { runner, source: source as unknown as Source });
    this.#changed(runner, source as unknown as Source);
    runner.start();
  }

  #close(id: string, reason: string): void {
    const opened = this.#runners.get(id);
    if (opened === undefined) return;
    const { agents, sources, rungs, notices } = this.#options;
    this.#runners.delete(id);
    opened.runner.close();
    rungs.removeSource(opened.source, reason);
    sources.remove(opened.source, reason);
    notices.clear(id);
    agents.release(id);
  }

  #context(runnerOf: () => CameraRunner, sourceOf: () => Source): RunnerContext {
    const { rungs, sources, book, timings } = this.#options;
    return {
      timings: runnerTimings(timings),
      nowUs: monotonicUs,
      random: Math.random,
      take: (client) => this.#pool.take(this.#tellsPid(runnerOf(), client)),
      mayRenew: () => [...this.#runners.values()].filter(({ runner }) => runner.isRenewing).length < MAX_RENEWING,
      changed: () => this.#changed(runnerOf(), sourceOf()),
      delivered: (delivery) => book.delivered(runnerOf().name, delivery),
      described: (description) => {
        sources.announce(runnerOf(), [description], () => {});
        return sourceOf().id;
      },
      rung: (message) => rungs.report(runnerOf(), message),
      picture: (message) => rungs.picture(runnerOf(), message),
      notice: (message) => this.#notice(sourceOf(), message),
      motion: (report, clockOffsetUs) => {
        const atMs = Date.now() - (monotonicUs() - (report.atUs - clockOffsetUs)) / 1000;
        this.#motion.emit({ source: sourceOf(), camera: runnerOf().entry.camera, report, atMs });
      },
      motionLost: () => this.#motionLost.emit(sourceOf()),
      motionView: (view) => this.#motionView.emit({ source: sourceOf(), view }),
      restarted: (reason) => rungs.sourceRestarted(sourceOf(), reason),
      renewed: () => rungs.renewSource(sourceOf()),
      renewalFailed: () => rungs.cancelRenewal(sourceOf()),
    };
  }

  /** Writes down which process becomes this camera: nothing else tells it from a spare. */
  #tellsPid({ name: camera }: CameraRunner, client: PoolClient): PoolClient {
    return {
      ready: (worker) => {
        this.#options.log.debug({ camera, pid: worker.pid }, "This process is the camera now");
        client.ready(worker);
      },
      delayed: client.delayed,
    };
  }

  #changed(runner: CameraRunner, source: Source): void {
    if (this.#runners.get(runner.name)?.runner !== runner) return;
    const { groups } = runner.entry.camera;
    this.#options.sources.describeCamera(source, { groups, health: () => runner.health });
  }

  #notice(source: Source, message: Parameters<NoticeBoard["post"]>[1]): void {
    const { log, notices, watchersOf } = this.#options;
    log[message.level === "warning" ? "warn" : message.level]({ camera: source.agentName }, message.text);
    notices.post(source.agentName, message, [source], watchersOf);
  }

  #keepSpares(): void {
    const cameras = this.#options.book.all().map(({ camera }) => camera);
    this.#pool.keepSpares(cameras.some(({ enabled, source }) => enabled && source.kind !== "browser"));
  }

  #recycle(): void {
    for (const { runner } of this.#runners.values()) runner.recycle();
  }

  #workerOptions(): WorkerOptions {
    const { log, timings, agents } = this.#options;
    const { helloMs, clockPingMs } = timings;
    return { log, helloMs, clockPingMs, nextId: () => agents.nextId() };
  }

  #launcher(): LaunchWorker {
    const { process } = this.#options;
    if (process !== undefined) {
      const launch = processLauncher(process, this.#workerOptions());
      return (listener) => {
        const worker = launch(listener);
        this.#alive.add(worker);
        void worker.gone.then(() => this.#alive.delete(worker));
        return worker;
      };
    }
    return (listener) => {
      queueMicrotask(() => listener.failed("This hub was started without a program for cameras."));
      return { ...NO_WORKER };
    };
  }
}

const NO_WORKER: ReturnType<LaunchWorker> = {
  pid: undefined,
  clockOffsetUs: 0,
  command: () => {},
  deliver: () => {},
  serve: () => {},
  close: () => {},
  gone: Promise.resolve(),
};

function runnerTimings({ cameraGraceMs, cameraMaxAgeMs }: HubTimings): RunnerContext["timings"] {
  return {
    graceMs: cameraGraceMs,
    maxAgeMs: cameraMaxAgeMs,
    maxGrowthBytes: MAX_GROWTH_BYTES,
    retryBaseMs: RETRY_BASE_MS,
    retryCapMs: RETRY_CAP_MS,
    stableMs: STABLE_MS,
    renewMs: RENEW_MS,
  };
}

/** The source of a camera that has no process yet. */
function describe({ name, source }: Camera, delivery: CameraDelivery | undefined): AgentSource {
  const asked = source.kind === "test" || source.kind === "device" ? source : undefined;
  const { width = FIRST_SIZE.width, height = FIRST_SIZE.height } = delivery ?? asked ?? FIRST_SIZE;
  return {
    ...{ key: CAMERA_KEY, kind: "camera", name, width, height, x: 0, y: 0 },
    ...{ primary: true, input: false, clipboard: false },
    backend: delivery?.engine ?? "",
    backendReason: delivery?.engineReason ?? "",
  };
}
