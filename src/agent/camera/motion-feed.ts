import { AV_PIX_FMT_GRAY8, AVCOL_RANGE_JPEG, Frame } from "node-av";
import { type Closable, EnvironmentError } from "../../base/index.ts";
import { type MotionReport, type MotionSettings, type MotionView, streamSettingsSchema } from "../../protocol/index.ts";
import { FrameConverter, openEncoder } from "../encode/index.ts";
import { createMotionDetector, MOTION_MAX_FPS, type MotionDetector, motionPlaneSize } from "../motion/index.ts";
import { Pace } from "../pace.ts";

/** Snapshots are at most this large; a message takes 700,000 characters of base64. */
const SNAPSHOT_WIDTH = 1280;
const SNAPSHOT_HEIGHT = 720;
const MAX_SNAPSHOT_BYTES = 500_000;
/** Tried in turn until the picture fits. */
const SNAPSHOT_QUALITIES = [80, 50, 20] as const;
/** What the detector sees is told so often while somebody looks. */
const MAX_VIEWS_PER_SECOND = 5;

type Sink = { motion(report: MotionReport): void; view(view: MotionView): void };

/** Feeds the motion detector with small planes of brightness, and keeps the picture that shows a movement best. */
export class MotionFeed implements Closable {
  readonly #sink: Sink;
  readonly #pace = new Pace(MOTION_MAX_FPS);
  readonly #viewPace = new Pace(MAX_VIEWS_PER_SECOND);
  readonly #scaler = new FrameConverter();
  #settings: MotionSettings;
  #viewed = false;
  #detector: MotionDetector | undefined;
  #plane: Frame | undefined;
  #luma = new Uint8Array(0);
  #source = "";
  /** The picture that shows the running movement best, as a JPEG in base64, and whether it has been told. */
  #snapshot: string | undefined;
  #snapshotIsNew = false;

  constructor(settings: MotionSettings, sink: Sink) {
    this.#settings = settings;
    this.#sink = sink;
  }

  /** Whether it needs decoded pictures at all. */
  get active(): boolean {
    return this.#settings.enabled || this.#viewed;
  }

  /** Whether a picture of this time would be looked at. */
  wants(takenUs: number): boolean {
    return this.active && this.#pace.delayUs(takenUs) === 0;
  }

  configure(settings: MotionSettings): void {
    // Nobody would be told of the end any more.
    if (this.#settings.enabled && !settings.enabled) this.reset();
    this.#settings = settings;
    this.#detector?.configure(settings);
    if (!this.active) this.#forget();
  }

  /** Somebody looks at what the detector sees, or no longer does; it works for that even where it is not enabled. */
  show(on: boolean): void {
    this.#viewed = on;
    if (!this.active) this.#forget();
  }

  /** Looks at a decoded picture, borrowed. Throws EnvironmentError when it cannot be read. */
  offer(frame: Frame, takenUs: number): void {
    if (!this.wants(takenUs)) return;
    this.#pace.spend(takenUs);
    const detector = this.#detectorFor(frame);
    const verdict = detector.detect(this.#scale(frame), takenUs);
    if (verdict.best && this.#settings.enabled) {
      this.#snapshot = snapshotOf(frame);
      this.#snapshotIsNew = true;
    }
    if (verdict.report !== undefined) this.#tell(verdict.report);
    if (this.#viewed && this.#viewPace.delayUs(takenUs) === 0) {
      this.#viewPace.spend(takenUs);
      this.#sink.view(detector.view());
    }
  }

  /** The camera was lost: a running movement ends, and what comes next is learnt anew. */
  reset(): void {
    const report = this.#detector?.reset();
    if (report !== undefined) this.#tell(report);
  }

  close(): void {
    this.#forget();
    this.#scaler.close();
  }

  #tell(report: MotionReport): void {
    const { phase } = report;
    const wanted = phase === "end" || (phase === "update" && this.#snapshotIsNew);
    const snapshot = wanted && this.#snapshot !== undefined ? { snapshot: this.#snapshot } : {};
    if (wanted) this.#snapshotIsNew = false;
    if (phase === "end") this.#snapshot = undefined;
    if (this.#settings.enabled) this.#sink.motion({ ...report, ...snapshot });
  }

  #detectorFor({ width, height }: Frame): MotionDetector {
    const source = `${width}x${height}`;
    if (this.#detector !== undefined && this.#source === source) return this.#detector;
    this.reset();
    const size = motionPlaneSize(width, height);
    this.#plane?.free();
    this.#plane = planeFrame(size);
    this.#luma = new Uint8Array(size.width * size.height);
    this.#source = source;
    this.#detector = createMotionDetector({ ...size }, this.#settings);
    return this.#detector;
  }

  #scale(frame: Frame): Uint8Array {
    const plane = this.#plane;
    const stride = plane?.linesize[0];
    if (plane === undefined || stride === undefined) throw new TypeError("The motion plane was not made.");
    this.#scaler.convert(frame, plane);
    const rows = plane.data?.[0];
    if (rows === undefined) throw new TypeError("The motion plane has no memory.");
    const { width, height } = plane;
    for (let y = 0; y < height; y += 1) this.#luma.set(rows.subarray(y * stride, y * stride + width), y * width);
    return this.#luma;
  }

  #forget(): void {
    this.#detector = undefined;
    this.#plane?.free();
    this.#plane = undefined;
    this.#snapshot = undefined;
    this.#source = "";
  }
}

function planeFrame({ width, height }: { width: number; height: number }): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = AV_PIX_FMT_GRAY8;
  frame.colorRange = AVCOL_RANGE_JPEG;
  if (frame.getBuffer(0) < 0) {
    throw new EnvironmentError("There is no memory for the motion detector.", "Free some memory.");
  }
  return frame;
}

/** A JPEG of the frame, base64; undefined where none is small enough. */
function snapshotOf(frame: Frame): string | undefined {
  for (const jpegQuality of SNAPSHOT_QUALITIES) {
    const settings = streamSettingsSchema.parse({ width: SNAPSHOT_WIDTH, height: SNAPSHOT_HEIGHT, jpegQuality });
    const encoder = openEncoder({ codec: "jpeg", settings, sourceWidth: frame.width, sourceHeight: frame.height });
    try {
      const { data } = encoder.encode(frame, [], { keyframe: true, timestampUs: 0 });
      if (data.byteLength <= MAX_SNAPSHOT_BYTES) return Buffer.from(data).toString("base64");
    } finally {
      encoder.close();
    }
  }
  return undefined;
}
