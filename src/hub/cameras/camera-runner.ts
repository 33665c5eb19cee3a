import { Backoff, type Closable, ProtocolError } from "../../base/index.ts";
import type {
  AgentCommand,
  AgentSource,
  CameraDelivery,
  CameraHealth,
  MotionReport,
  MotionView,
} from "../../protocol/index.ts";
import { decodeAck, MessageType, messageType } from "../../protocol/index.ts";
import type { AgentPort } from "../ports.ts";
import type { CameraEntry } from "./camera-book.ts";
import type { PoolClient } from "./camera-pool.ts";
import { CameraRun } from "./camera-run.ts";
import { CameraStatus, describesOther } from "./camera-status.ts";
import type { CameraMessage, CameraWorker } from "./camera-worker.ts";

type OpenRung = Extract<AgentCommand, { type: "open-rung" }>;

/** A rung of the hub: what it was opened with, and the run that delivers it, once one does. */
type RunningRung = { open: OpenRung; run: CameraRun | undefined };

/** What a runner needs of the hub. Each callback is about this camera alone. */
export type RunnerContext = {
  readonly timings: CameraTimings;
  readonly nowUs: () => number;
  readonly random: () => number;
  /** Gives a worker, now or later. */
  readonly take: (client: PoolClient) => Closable;
  /** Another run may begin beside the one there is: not too many do so at once. */
  readonly mayRenew: () => boolean;
  /** What is listed about the camera has changed. */
  readonly changed: () => void;
  /** What it delivers is different in kind from before. */
  readonly delivered: (delivery: CameraDelivery) => void;
  /** Its size or engine became known. Returns the hub's number of the source. */
  readonly described: (source: AgentSource) => number;
  readonly rung: (message: Extract<CameraMessage, { type: "rung" | "rung-failed" | "performance" }>) => void;
  readonly picture: (message: Uint8Array) => void;
  readonly notice: (message: Extract<CameraMessage, { type: "notice" }>) => void;
  readonly motion: (report: MotionReport, clockOffsetUs: number) => void;
  /** Who told of movement is gone; an event that goes on will not be ended by it. */
  readonly motionLost: () => void;
  readonly motionView: (view: MotionView) => void;
  /** Nothing is left of what delivered; all rungs have to be opened again. */
  readonly restarted: (reason: string) => void;
  /** All rungs have to be opened beside what there is. */
  readonly renewed: () => void;
  readonly renewalFailed: () => void;
};

/** Bounds in time and memory. */
export type CameraTimings = {
  /** A camera that nobody watches is closed after this. */
  readonly graceMs: number;
  /** The first retry comes at once, the second after about this, then doubling. */
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  /** A process that lived this long was well: the next retry comes at once. */
  readonly stableMs: number;
  /** A process is replaced when it is this old, */
  readonly maxAgeMs: number;
  /** or has so much more memory than it began with. */
  readonly maxGrowthBytes: number;
  /** One that replaces another must deliver within this. */
  readonly renewMs: number;
};

/** Kinds of sources that allow to be opened twice at the same time. */
const OPENS_TWICE: ReadonlySet<string> = new Set(["rtsp", "mjpeg", "snapshot", "file", "test"]);

/** Ages differ, so that cameras that were opened together are not renewed together. */
const AGE_SPREAD = 0.2;

/**
 * One camera, as the rest of the hub sees it: an agent that is always there. Behind it runs a process only while somebody
 * needs pictures; commands wait until one is ready, and it is replaced when it crashes, hangs, grows or gets old.
 */
export class CameraRunner implements AgentPort, Closable {
  readonly name: string;
  readonly #context: RunnerContext;
  readonly #status: CameraStatus;
  readonly #backoff: Backoff;
  readonly #rungs = new Map<number, RunningRung>();
  readonly #ageFactor: number;
  #entry: CameraEntry;
  #current: CameraRun | undefined;
  #successor: CameraRun | undefined;
  #taking: Closable | undefined;
  #takingSuccessor: Closable | undefined;
  #retry: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #renewTimer: NodeJS.Timeout | undefined;
  #motionViews = 0;
  #closed = false;

  constructor(entry: CameraEntry, context: RunnerContext) {
    this.name = entry.camera.id;
    this.#entry = entry;
    this.#context = context;
    this.#status = new CameraStatus(context.nowUs, entry.delivery);
    const { retryBaseMs, retryCapMs } = context.timings;
    this.#backoff = new Backoff({ baseMs: retryBaseMs, capMs: retryCapMs, random: context.random });
    this.#ageFactor = 1 + AGE_SPREAD * (context.random() - 0.5);
    if (this.#isPublished) this.#status.idle(NOT_PUBLISHED);
  }

  get entry(): CameraEntry {
    return this.#entry;
  }

  get health(): CameraHealth {
    return this.#status.health;
  }

  get clockOffsetUs(): number {
    return this.#current?.worker.clockOffsetUs ?? 0;
  }

  get #workers(): CameraWorker[] {
    return [this.#current, this.#successor].flatMap((run) => (run === undefined ? [] : [run.worker]));
  }

  /** Whether a second run is about to take over. */
  get isRenewing(): boolean {
    return this.#successor !== undefined || this.#takingSuccessor !== undefined;
  }

  /** Begins to capture, if that is wanted without a viewer. */
  start(): void {
    this.#settle();
  }

  command(command: AgentCommand): void {
    if (command.type === "open-rung") {
      const rung: RunningRung = { open: command, run: undefined };
      this.#rungs.set(command.rung, rung);
      this.#open(rung, this.#successor?.ready === true ? this.#successor : this.#current);
    } else if (command.type === "close-rung") this.#closeRung(command.rung);
    else if (command.type === "budget" || command.type === "credits") {
      const rung = this.#rungs.get(command.rung);
      if (rung === undefined) return;
      const { type: _type, ...change } = command;
      rung.open = { ...rung.open, ...change };
      rung.run?.worker.command(command);
    } else if (command.type === "keyframe") this.#rungs.get(command.rung)?.run?.worker.command(command);
    // A camera is not driven: what else there is for screens is nothing to it.
    this.#settle();
  }

  deliver(message: Uint8Array): void {
    if (messageType(message) !== MessageType.ack) return;
    this.#rungs.get(decodeAck(message).rung)?.run?.worker.deliver(message);
  }

  /** The camera's settings are these from now on. A change of its source begins anew. */
  update(entry: CameraEntry): void {
    const earlier = this.#entry;
    this.#entry = entry;
    if (sourceOf(earlier) === sourceOf(entry)) {
      const command: AgentCommand = { type: "camera-settings", camera: entry.camera };
      for (const worker of this.#workers) worker.command(command);
    } else {
      this.#stop();
      this.#backoff.reset();
      this.#status.idle(this.#isPublished ? NOT_PUBLISHED : "");
      this.#restartRungs("The camera's settings have changed.");
    }
    this.#context.changed();
    this.#settle();
  }

  /** A page publishes its camera as this one; a page that did so before is let go. */
  attach(worker: CameraWorker): void {
    const hadRun = this.#current !== undefined;
    this.#stop();
    if (hadRun) this.#restartRungs("Another page publishes this camera now.");
    this.#begin(worker);
  }

  /** Somebody wants to see what the motion detector sees, or no longer does. */
  showMotion(on: boolean): void {
    this.#motionViews += on ? 1 : -1;
    if (this.#motionViews === (on ? 1 : 0)) this.#current?.worker.command({ type: "motion-view", on });
    this.#settle();
  }

  /** Replaces a process that is old or has grown: beside it where the source allows that, else while nobody watches. */
  recycle(): void {
    const run = this.#current;
    const { maxAgeMs, maxGrowthBytes } = this.#context.timings;
    if (run === undefined || !run.ready || this.isRenewing || this.#isPublished) return;
    if (run.ageMs < maxAgeMs * this.#ageFactor && run.growthBytes < maxGrowthBytes) return;
    if (OPENS_TWICE.has(this.#entry.camera.source.kind)) {
      if (this.#context.mayRenew()) this.#takeSuccessor();
    } else if (this.#rungs.size === 0) {
      this.#rest();
      this.#settle();
    }
  }

  /** Ends everything; nothing is told to anybody. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  get #isPublished(): boolean {
    return this.#entry.camera.source.kind === "browser";
  }

  get #isWanted(): boolean {
    const { keepOpen, motion } = this.#entry.camera;
    return this.#rungs.size > 0 || keepOpen || motion.enabled || this.#motionViews > 0;
  }

  /** Begins or ends capturing, as it is needed now. */
  #settle(): void {
    if (this.#closed || this.#isPublished) return;
    if (this.#isWanted) {
      clearTimeout(this.#grace);
      this.#grace = undefined;
      if (this.#current !== undefined || this.#taking !== undefined || this.#retry !== undefined) return;
      this.#take();
    } else if (this.#current !== undefined || this.#taking !== undefined || this.#retry !== undefined) {
      this.#grace ??= setTimeout(() => this.#rest(), this.#context.timings.graceMs);
    }
  }

  #rest(): void {
    this.#stop();
    this.#backoff.reset();
    if (this.#status.idle()) this.#context.changed();
  }

  #take(): void {
    const taking = this.#context.take({
      ready: (worker) => {
        this.#taking = undefined;
        this.#begin(worker);
      },
      delayed: (reason, retryInMs) => {
        const detail = `No process can be started for it: ${reason}`;
        if (this.#status.crashed(detail, this.#status.health.attempt + 1, retryInMs)) this.#context.changed();
      },
    });
    if (this.#current === undefined) this.#taking = taking;
    if (this.#status.connecting()) this.#context.changed();
  }

  #begin(worker: CameraWorker): void {
    const run = this.#run(worker);
    this.#current = run;
    this.#employ(run);
    if (this.#status.connecting()) this.#context.changed();
  }

  #run(worker: CameraWorker): CameraRun {
    const run: CameraRun = new CameraRun(worker);
    worker.serve({
      message: (message) => this.#hear(run, message),
      picture: (message) => this.#context.picture(message),
      ended: (reason) => this.#ended(run, reason),
    });
    return run;
  }

  #employ({ worker }: CameraRun): void {
    const { camera, credentials } = this.#entry;
    const secret = credentials === undefined ? {} : { credentials };
    worker.command({ type: "camera", camera, ...secret, probe: false });
    if (this.#motionViews > 0) worker.command({ type: "motion-view", on: true });
  }

  #hear(run: CameraRun, message: CameraMessage): void {
    const isCurrent = run === this.#current;
    switch (message.type) {
      case "sources":
        this.#described(run, message.sources);
        break;
      case "camera":
        run.reported(message.report);
        if (isCurrent) this.#reported(run, message.report);
        this.#renewWhenReady();
        break;
      case "rung":
      case "rung-failed":
      case "performance":
        if (message.type === "rung-failed") this.#rungs.delete(message.rung);
        this.#context.rung(message);
        break;
      case "motion":
        if (isCurrent) this.#context.motion(message.motion, run.worker.clockOffsetUs);
        break;
      case "motion-view":
        if (isCurrent) this.#context.motionView(message.view);
        break;
      case "notice":
        this.#context.notice(message);
        break;
      case "probed":
        throw new ProtocolError("wrong-state", "A camera answered a question that it was not asked.");
    }
  }

  #described(run: CameraRun, sources: readonly AgentSource[]): void {
    const [source, ...more] = sources;
    if (source?.key !== CAMERA_KEY || source.kind !== "camera" || more.length > 0) {
      throw new ProtocolError("wrong-state", `A camera has one source, "${CAMERA_KEY}".`);
    }
    const id = this.#context.described({ ...source, name: this.#entry.camera.name });
    run.worker.command({ type: "numbered", sources: { [CAMERA_KEY]: id } });
    if (run.ready) return;
    run.ready = true;
    if (run === this.#current) for (const rung of this.#rungs.values()) this.#open(rung, run);
    this.#renewWhenReady();
  }

  #reported(run: CameraRun, report: Parameters<CameraRun["reported"]>[0]): void {
    const { delivery } = report;
    if (report.state === "healthy" && run.ageMs > this.#context.timings.stableMs) this.#backoff.reset();
    const isOther = delivery !== undefined && describesOther(delivery, this.#entry.delivery);
    if (this.#status.report(report)) this.#context.changed();
    if (!isOther) return;
    this.#entry = { ...this.#entry, delivery };
    this.#context.delivered(delivery);
  }

  #open(rung: RunningRung, run: CameraRun | undefined): void {
    if (run === undefined || !run.ready || rung.run !== undefined) return;
    rung.run = run;
    run.worker.command(rung.open);
  }

  #closeRung(number: number): void {
    const rung = this.#rungs.get(number);
    if (rung === undefined) return;
    this.#rungs.delete(number);
    rung.run?.worker.command({ type: "close-rung", rung: number });
    this.#promoteWhenDone();
  }

  #ended(run: CameraRun, reason: string): void {
    if (run === this.#successor) {
      this.#cancelRenewal();
      return;
    }
    if (run !== this.#current) return;
    this.#status.restarted();
    this.#current = undefined;
    this.#context.motionLost();
    if (this.#successor !== undefined) this.#promote();
    else this.#retryLater(reason);
    this.#restartRungs(reason);
    this.#settle();
  }

  #retryLater(reason: string): void {
    if (this.#isPublished) {
      if (this.#status.idle(reason)) this.#context.changed();
      return;
    }
    const retryInMs = this.#backoff.nextDelayMs();
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#settle();
    }, retryInMs);
    if (this.#status.crashed(reason, this.#backoff.attempt, retryInMs)) this.#context.changed();
  }

  #restartRungs(reason: string): void {
    const kept = [...this.#rungs].filter(([, { run }]) => run !== undefined && run === this.#current);
    this.#rungs.clear();
    for (const [rung] of kept) this.#current?.worker.command({ type: "close-rung", rung });
    this.#context.restarted(reason);
  }

  #takeSuccessor(): void {
    this.#takingSuccessor = this.#context.take({
      ready: (worker) => {
        this.#takingSuccessor = undefined;
        this.#successor = this.#run(worker);
        this.#employ(this.#successor);
        this.#renewTimer = setTimeout(() => this.#cancelRenewal(), this.#context.timings.renewMs);
      },
      delayed: () => this.#cancelRenewal(),
    });
    if (this.#successor !== undefined) this.#takingSuccessor = undefined;
  }

  #renewWhenReady(): void {
    const run = this.#successor;
    if (run === undefined || run.renewed || !run.ready || !run.healthy) return;
    run.renewed = true;
    if (this.#rungs.size > 0) this.#context.renewed();
    this.#promoteWhenDone();
  }

  #promoteWhenDone(): void {
    const successor = this.#successor;
    if (successor?.renewed !== true) return;
    for (const rung of this.#rungs.values()) if (rung.run !== successor) return;
    const earlier = this.#current;
    this.#promote();
    earlier?.worker.close();
  }

  #promote(): void {
    clearTimeout(this.#renewTimer);
    this.#context.motionLost();
    this.#current = this.#successor;
    this.#successor = undefined;
  }

  #cancelRenewal(): void {
    clearTimeout(this.#renewTimer);
    this.#takingSuccessor?.close();
    this.#takingSuccessor = undefined;
    const run = this.#successor;
    if (run === undefined) return;
    this.#successor = undefined;
    run.worker.close();
    this.#context.renewalFailed();
    // What was opened while it was there goes to the one that stays.
    for (const rung of this.#rungs.values()) {
      if (rung.run !== run) continue;
      rung.run = undefined;
      this.#open(rung, this.#current);
    }
    this.#current?.postpone();
  }

  /** Lets go of every process and timer. */
  #stop(): void {
    clearTimeout(this.#grace);
    clearTimeout(this.#retry);
    clearTimeout(this.#renewTimer);
    this.#grace = undefined;
    this.#retry = undefined;
    this.#taking?.close();
    this.#taking = undefined;
    this.#takingSuccessor?.close();
    this.#takingSuccessor = undefined;
    for (const worker of this.#workers) worker.close();
    if (this.#current !== undefined) this.#context.motionLost();
    this.#current = undefined;
    this.#successor = undefined;
  }
}

/** The key of a camera's only source. */
export const CAMERA_KEY = "camera";

const NOT_PUBLISHED = "No page publishes it now.";

/** What makes two entries the same source: all that a process cannot change while it runs. */
function sourceOf({ camera: { source, engine, hardware }, credentials }: CameraEntry): string {
  return JSON.stringify([source, engine, hardware, credentials]);
}
