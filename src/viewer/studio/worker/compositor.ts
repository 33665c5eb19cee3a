import { type Closable, describeError } from "../../../base/index.ts";
import { turnedSize } from "../../../codecs/key/index.ts";
import { rendererName } from "../../gpu/index.ts";
import { type DrawLayer, type Engine, type EngineName, isEngineName } from "../engine/engine.ts";
import { openEngine } from "../engine/engines.ts";
import { KeyCache } from "../engine/key-cache.ts";
import type {
  EngineReport,
  EngineTiming,
  LayerSpec,
  PictureSpec,
  RememberedEngine,
  StudioToPage,
} from "../messages.ts";
import { cropOf, placeIn } from "../scene/placement.ts";
import type { FrameSources, NewestFrame } from "./frame-sources.ts";
import type { Meter } from "./meter.ts";
import { fastestEngine, type Snapshot, timeEngines, visibleSize } from "./trial.ts";

/** The source whose delay is measured. */
export const CAMERA = "camera";

/** An engine that fails this often is left alone. */
const MAX_FAILURES = 3;

export type CompositorOptions = {
  readonly sources: FrameSources;
  readonly meter: Meter;
  readonly send: (message: StudioToPage) => void;
};

/**
 * Draws the newest frames of all layers, one picture at a time; what arrives meanwhile waits as the newest. The engines
 * are timed with real frames while the first of them draws already.
 */
export class Compositor implements Closable {
  readonly #options: CompositorOptions;
  readonly #keys = new KeyCache();
  readonly #failures = new Map<EngineName, number>();
  #picture: PictureSpec | undefined;
  #engine: Engine | undefined;
  #wanted: EngineName = "cpu";
  #spare: { canvas: OffscreenCanvas; id: number } | undefined;
  #readyId: number | undefined;
  #trial: "wanted" | "running" | "done" = "wanted";
  #timings: readonly EngineTiming[] = [];
  #renderer = "unknown";
  #reason = "The likeliest one. All are timed with the first frames.";
  #frameWaiters: Array<() => void> = [];
  /** Versions of the camera's frames: the newest that arrived, and the newest that a drawing took. */
  #arrivedCamera = -1;
  #takenCamera = -1;
  #dirty = false;
  #drawing = false;
  #closed = false;
  #output: WritableStreamDefaultWriter<VideoFrame> | undefined;

  constructor(options: CompositorOptions) {
    this.#options = options;
  }

  get engineName(): EngineName | undefined {
    return this.#engine?.name;
  }

  /** Whether the picture shows the camera, so that its frames are drawn here. */
  get showsCamera(): boolean {
    return this.#picture?.layers.some(({ source }) => source === CAMERA) ?? false;
  }

  open(forced: EngineName | undefined, remembered: RememberedEngine | undefined): void {
    if (forced === undefined && remembered !== undefined && isEngineName(remembered.engine)) {
      this.#wanted = remembered.engine;
      this.#timings = remembered.timings;
      this.#renderer = remembered.renderer;
      this.#reason = "The fastest of an earlier visit with this browser and renderer.";
      this.#trial = rendererName() === remembered.renderer ? "done" : "wanted";
    }
    this.#options.send({ type: "canvas-needed" });
    if (forced !== undefined) this.force(forced);
  }

  /** Uses one engine whatever the trial said, or goes back to the fastest. */
  force(name: EngineName | undefined): void {
    this.#failures.clear();
    if (name === undefined) {
      this.#trial = "wanted";
      this.#reason = "The likeliest one. All are timed again.";
    } else {
      this.#trial = "done";
      this.#reason = "Chosen by hand.";
      this.#want(name);
    }
    this.#report();
    this.draw();
  }

  addCanvas(canvas: OffscreenCanvas, id: number): void {
    this.#spare = { canvas, id };
    this.draw();
  }

  setPicture(picture: PictureSpec): void {
    this.#picture = picture;
    this.#keys.keep(picture.layers);
    this.draw();
  }

  /** Frames of the whole picture go to this stream, too; undefined ends that. */
  setOutput(writable: WritableStream<VideoFrame> | undefined): void {
    this.#output?.close().catch(() => undefined);
    this.#output = writable?.getWriter();
    this.draw();
  }

  /** A source has a new frame. */
  frameArrived(source: string): void {
    const { meter, sources } = this.#options;
    const newest = source === CAMERA ? sources.newest(source) : undefined;
    if (newest !== undefined) {
      // The frame before was replaced while nobody had taken it.
      const isLost = this.showsCamera && this.#arrivedCamera > this.#takenCamera;
      meter.arrived(newest.frame.timestamp, isLost);
      this.#arrivedCamera = newest.version;
    }
    if (!(this.#picture?.layers.some((layer) => layer.source === source) ?? false)) return;
    for (const resolve of this.#frameWaiters.splice(0)) resolve();
    this.draw();
  }

  /** Draws the newest of everything as soon as the picture being drawn is done. */
  draw(): void {
    this.#dirty = true;
    if (!this.#drawing) void this.#drawWhileDirty();
  }

  close(): void {
    this.#closed = true;
    for (const resolve of this.#frameWaiters.splice(0)) resolve();
    this.setOutput(undefined);
    if (!this.#drawing) this.#engine?.close();
  }

  async #drawWhileDirty(): Promise<void> {
    this.#drawing = true;
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      try {
        await this.#useSpare();
        await this.#drawOnce();
      } catch (error) {
        this.#fail(describeError(error));
      }
    }
    this.#drawing = false;
    if (this.#closed) this.#engine?.close();
  }

  async #drawOnce(): Promise<void> {
    const engine = this.#engine;
    const picture = this.#picture;
    if (engine === undefined || picture === undefined) return;
    const { meter, sources, send } = this.#options;
    const snapshot = this.#snapshot(picture);
    const camera = this.showsCamera ? sources.newest(CAMERA) : undefined;
    const isNew = camera !== undefined && camera.version > this.#takenCamera;
    if (camera !== undefined) this.#takenCamera = camera.version;
    const before = engine.copies;
    try {
      await engine.render(snapshot.layers, picture.size, picture.background, (canvas) =>
        this.#writeOutput(canvas, camera),
      );
    } finally {
      snapshot.close();
    }
    const timed = isNew ? { timestampUs: camera.frame.timestamp, arrivedMs: camera.arrivedMs } : undefined;
    meter.drawn(engine.copies - before, timed);
    if (this.#readyId !== undefined) {
      send({ type: "canvas-ready", id: this.#readyId });
      this.#readyId = undefined;
    }
    if (this.#trial === "wanted" && snapshot.layers.length > 0) void this.#runTrial();
  }

  #snapshot(picture: PictureSpec): Snapshot {
    const layers: DrawLayer[] = [];
    for (const spec of picture.layers) {
      const newest = this.#options.sources.newest(spec.source);
      if (newest !== undefined) layers.push(this.#drawLayer(spec, newest, picture));
    }
    return {
      layers,
      size: picture.size,
      close: () => {
        for (const { frame } of layers) frame.close();
      },
    };
  }

  #drawLayer(spec: LayerSpec, { frame, version }: NewestFrame, { size }: PictureSpec): DrawLayer {
    const crop = cropOf(visibleSize(frame), spec.crop);
    const turned = turnedSize(crop, spec.orientation);
    return {
      id: spec.id,
      // A frame of its own, because the newest one may be replaced and closed while this one is drawn.
      frame: frame.clone(),
      version,
      crop,
      orientation: spec.orientation,
      place: placeIn(size, turned, spec.placement),
      key: this.#keys.of(spec),
      view: spec.view,
      opacity: spec.opacity,
      blend: spec.blend,
    };
  }

  #writeOutput(canvas: OffscreenCanvas, camera: NewestFrame | undefined): void {
    const output = this.#output;
    // A consumer that is behind loses pictures; it must not hold this one up.
    if (output === undefined || (output.desiredSize ?? 0) <= 0) return;
    const timestamp = camera?.frame.timestamp ?? Math.round(performance.now() * 1000);
    output.write(new VideoFrame(canvas, { timestamp })).catch(() => {
      if (this.#output === output) this.#output = undefined;
    });
  }

  async #runTrial(): Promise<void> {
    this.#trial = "running";
    this.#renderer = rendererName();
    this.#timings = await timeEngines(() => this.#nextSnapshot());
    if (this.#trial !== "running" || this.#closed) return;
    this.#trial = "done";
    this.#reason = "The fastest with real frames on this machine.";
    this.#want(fastestEngine(this.#timings, this.#engine?.name ?? this.#wanted));
    this.#report();
  }

  /** The newest frames once one has arrived that was not drawn yet. */
  async #nextSnapshot(): Promise<Snapshot | undefined> {
    await new Promise<void>((resolve) => this.#frameWaiters.push(resolve));
    return this.#closed || this.#picture === undefined ? undefined : this.#snapshot(this.#picture);
  }

  #want(name: EngineName): void {
    this.#wanted = name;
    // A canvas cannot change its kind of context, so another engine needs another canvas.
    if (this.#engine !== undefined && this.#engine.name !== name) this.#options.send({ type: "canvas-needed" });
  }

  async #useSpare(): Promise<void> {
    const spare = this.#spare;
    if (spare === undefined) return;
    this.#spare = undefined;
    let engine: Engine;
    try {
      engine = await openEngine(this.#wanted, spare.canvas);
    } catch (error) {
      // The canvas may have lost its choice of context by the attempt.
      this.#engine?.close();
      this.#engine = undefined;
      throw error;
    }
    this.#engine?.close();
    this.#engine = engine;
    this.#readyId = spare.id;
    this.#report();
  }

  /** The engine in use cannot go on: the same once more on another canvas, and then the one that needs no GPU. */
  #fail(reason: string): void {
    const name = this.#engine?.name ?? this.#wanted;
    this.#engine?.close();
    this.#engine = undefined;
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    if (name === "cpu" && failures >= MAX_FAILURES) {
      this.#options.send({ type: "notice", level: "error", text: `Drawing failed: ${reason}` });
      return;
    }
    this.#wanted = failures < MAX_FAILURES ? name : "cpu";
    this.#reason = `The engine ${name} failed: ${reason}`;
    this.#report();
    this.#options.send({ type: "canvas-needed" });
  }

  #report(): void {
    const report: EngineReport = {
      engine: this.#engine?.name ?? this.#wanted,
      reason: this.#reason,
      renderer: this.#renderer,
      timings: this.#timings,
      settled: this.#trial === "done" && this.#timings.length > 0 && this.#reason.startsWith("The fastest"),
    };
    this.#options.send({ type: "engine", report });
  }
}
