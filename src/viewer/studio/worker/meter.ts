import { summarize } from "../../../base/index.ts";
import type { EngineName } from "../engine/engine.ts";
import type { MeterReport } from "../messages.ts";

/** Frames whose arrival is remembered until their capture is told. */
const MAX_RECENT = 120;
const SAME_CLOCK_MS = 3;
/** At most this many delays are kept between two reports. */
const MAX_DELAYS = 600;

/** Counts what happens to camera frames between two reports. */
export class Meter {
  #sinceMs = performance.now();
  #arrived = 0;
  #drawn = 0;
  #dropped = 0;
  #copies = 0;
  #delaysMs: number[] = [];
  /** Milliseconds on this thread's clock at a frame's timestamp 0; undefined while unknown. */
  #captureZeroMs: number | undefined;
  #recent: Array<{ readonly timestampMs: number; readonly arrivedMs: number }> = [];

  /** A camera frame arrived in this thread; `replaces` one that should have been drawn and was not. */
  arrived(timestampUs: number, replaces: boolean): void {
    this.#arrived += 1;
    if (replaces) this.#dropped += 1;
    this.#recent.push({ timestampMs: timestampUs / 1000, arrivedMs: performance.now() });
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
  }

  /** The camera is another one, with a clock of its own. */
  forgetClock(): void {
    this.#captureZeroMs = undefined;
    this.#recent = [];
  }

  /**
   * Learns when frames are captured, on this thread's clock. Each capture belongs to the first frame that arrived after
   * it; when these pairs do not agree on one clock, nothing is learnt.
   */
  alignTo(capturesMs: readonly number[]): void {
    const zeros = capturesMs
      .flatMap((captureMs) => {
        const frame = this.#recent.find(({ arrivedMs }) => arrivedMs >= captureMs);
        return frame === undefined ? [] : [captureMs - frame.timestampMs];
      })
      .sort((a, b) => a - b);
    const middle = zeros[Math.floor(zeros.length / 2)];
    if (middle === undefined) return;
    const agreeing = zeros.filter((zero) => Math.abs(zero - middle) < SAME_CLOCK_MS).length;
    if (agreeing > zeros.length / 2) this.#captureZeroMs = middle;
  }

  /** A picture was drawn; `camera` is the camera's new frame in it, if it shows one. */
  drawn(copies: number, camera: { readonly timestampUs: number; readonly arrivedMs: number } | undefined): void {
    this.#drawn += 1;
    this.#copies += copies;
    if (camera === undefined) return;
    const zero = this.#captureZeroMs;
    const sinceMs = zero === undefined ? camera.arrivedMs : zero + camera.timestampUs / 1000;
    if (this.#delaysMs.length < MAX_DELAYS) this.#delaysMs.push(performance.now() - sinceMs);
  }

  /** What was counted since the last report; counting starts anew. */
  report(engine: EngineName | undefined): MeterReport {
    const seconds = (performance.now() - this.#sinceMs) / 1000;
    const summary = summarize(this.#delaysMs);
    const report: MeterReport = {
      engine,
      cameraFps: this.#arrived / seconds,
      drawnFps: this.#drawn / seconds,
      dropped: this.#dropped,
      latencyMs: this.#delaysMs.length === 0 ? undefined : { p50: summary.p50, p95: summary.p95 },
      fromCapture: this.#captureZeroMs !== undefined,
      copiesPerFrame: this.#drawn === 0 ? 0 : this.#copies / this.#drawn,
    };
    this.#sinceMs = performance.now();
    this.#arrived = 0;
    this.#drawn = 0;
    this.#dropped = 0;
    this.#copies = 0;
    this.#delaysMs = [];
    return report;
  }
}
