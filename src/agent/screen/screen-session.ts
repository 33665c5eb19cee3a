import { type Closable, describeError } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { RungBudget } from "../../protocol/index.ts";
import type { Capturer, Monitor } from "../capture/capturer.ts";
import { openCapturer } from "../capture/index.ts";
import type { PictureEncoder } from "../encode/encoder.ts";
import { ladderWithFault, openEncoder, pictureSize } from "../encode/index.ts";
import { HybridPlane } from "./hybrid/hybrid-plane.ts";
import { tileBudget } from "./hybrid/tile-budget.ts";
import { InputMark } from "./input-mark.ts";
import { LegacyRungs } from "./legacy/legacy-rungs.ts";
import { PlainPlane } from "./plain-plane.ts";
import type { Plane } from "./plane.ts";
import { Rung, type RungParts } from "./rung.ts";
import { ScreenPipeline } from "./screen-pipeline.ts";
import type { RungRequest, ScreenCommand, ScreenReport, ScreenThreadOptions } from "./thread-messages.ts";

/** How often a rung's performance is told while pictures flow. */
const REPORT_INTERVAL_MS = 1000;

/** A monitor that was resized is announced at its new size by the display within moments; else it is given up. */
const RESIZE_TIMEOUT_MS = 3000;

/** While a display changes its size, capturing it fails now and then: it is tried again so often, this much later. */
const REOPEN_MS = 100;
const MAX_REOPENS = 30;

/** What runs in a screen thread: the capture of one monitor, reopened when its geometry changes, and its rungs. */
export class ScreenSession implements Closable {
  readonly #options: ScreenThreadOptions;
  readonly #report: (report: ScreenReport) => void;
  readonly #inputMark: InputMark;
  readonly #requests = new Map<number, RungRequest>();
  /** Where each rung's count of pictures stood when the source was closed, so that it goes on after a resize. */
  readonly #sequences = new Map<number, number>();
  readonly #legacy = new LegacyRungs();
  #monitor: Monitor;
  #pipeline: ScreenPipeline | undefined;
  #backend = "";
  /** Counts openings, so that one that was overtaken while it waited closes what it got. */
  #generation = 0;
  #closed = false;
  /** Failures to open or read since the last picture. */
  #failures = 0;
  #reopenTimer: ReturnType<typeof setTimeout> | undefined;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #meterTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ScreenThreadOptions, report: (report: ScreenReport) => void) {
    this.#options = options;
    this.#report = report;
    this.#inputMark = new InputMark(options.inputMark);
    this.#monitor = options.monitor;
    void this.#open();
  }

  handle(command: ScreenCommand): void {
    switch (command.type) {
      case "open":
        this.#requests.set(command.request.rung, command.request);
        this.#addRung(command.request);
        break;
      case "close":
        this.#requests.delete(command.rung);
        this.#sequences.delete(command.rung);
        this.#legacy.forget(command.rung);
        this.#pipeline?.removeRung(command.rung);
        break;
      case "keyframe":
        this.#pipeline?.requestKeyframe(command.rung);
        break;
      case "ack":
        this.#pipeline?.ack(command.rung, command.sequence);
        break;
      case "credits":
        this.#pipeline?.setCredits(command.rung, command.credits);
        break;
      case "budget":
        this.#setBudget(command.rung, command.budget);
        break;
      case "monitor":
        this.#monitor = command.monitor;
        void this.#open();
        break;
      case "stop":
        this.close();
        break;
    }
  }

  #setBudget(number: number, budget: RungBudget): void {
    const request = this.#requests.get(number);
    if (request === undefined) return;
    this.#requests.set(number, { ...request, budget });
    this.#pipeline?.setBudget(number, budget);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#resizeTimer);
    clearTimeout(this.#reopenTimer);
    clearTimeout(this.#meterTimer);
    this.#closePipeline();
  }

  #closePipeline(): void {
    for (const [number, rung] of this.#pipeline?.rungs ?? []) this.#sequences.set(number, rung.sequence);
    this.#pipeline?.close();
    this.#pipeline = undefined;
  }

  async #open(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    clearTimeout(this.#resizeTimer);
    clearTimeout(this.#reopenTimer);
    this.#closePipeline();
    try {
      const capturer = await openCapturer({
        display: this.#options.display,
        monitor: this.#monitor,
        backend: this.#options.backend,
        maxFps: 120,
      });
      if (this.#closed || generation !== this.#generation) capturer.close();
      else this.#attach(capturer);
    } catch (error) {
      if (!this.#closed && generation === this.#generation) this.#reopen(describeError(error));
    }
  }

  #reopen(reason: string): void {
    this.#closePipeline();
    this.#failures += 1;
    if (this.#failures > MAX_REOPENS) this.#fail(reason);
    else this.#reopenTimer = setTimeout(() => void this.#open(), REOPEN_MS);
  }

  #attach(capturer: Capturer): void {
    const pipeline = new ScreenPipeline(capturer, this.#inputMark, { nowUs: monotonicUs });
    this.#pipeline = pipeline;
    this.#backend = capturer.backend;
    pipeline.onPicture(({ message, encodedUs }) => {
      this.#failures = 0;
      this.#report({ type: "picture", message, encodedUs });
      this.#meterTimer ??= setTimeout(() => this.#reportPerformance(), REPORT_INTERVAL_MS);
    });
    pipeline.onRungFailed(({ rung, reason }) => {
      this.#requests.delete(rung);
      this.#report({ type: "rung-failed", rung, reason });
    });
    pipeline.onCaptureFailed((reason) => this.#reopen(reason));
    pipeline.onCursor((shape) => this.#report({ type: "cursor", shape }));
    capturer.onGone((why) => this.#handleGone(why));
    for (const request of this.#requests.values()) this.#addRung(request);
  }

  #handleGone(why: "resized" | "removed" | "failed"): void {
    this.#closePipeline();
    if (why === "resized") {
      const timeout = (): void => this.#fail(`${this.#monitor.name} changed its size and was not announced again.`);
      this.#resizeTimer = setTimeout(timeout, RESIZE_TIMEOUT_MS);
    } else if (why === "failed") {
      this.#fail(`The display can no longer be read.`);
    }
  }

  #addRung(request: RungRequest): void {
    const pipeline = this.#pipeline;
    if (pipeline === undefined) return;
    try {
      const sequence = this.#sequences.get(request.rung) ?? 0;
      const legacy = this.#legacy.open(request, this.#monitor, sequence);
      if (legacy !== undefined) {
        this.#announce(request, legacy.encoder, legacy.plane);
        pipeline.addRung(new Rung(request, legacy, monotonicUs(), sequence));
        return;
      }
      const encoder = openEncoder({
        codec: request.codec,
        settings: request.settings,
        sourceWidth: this.#monitor.width,
        sourceHeight: this.#monitor.height,
        ...(request.budget === undefined ? {} : { limits: request.budget }),
        ...(this.#options.encoder === undefined ? {} : { force: this.#options.encoder }),
        ...(this.#options.encoderFault === undefined ? {} : { ladder: ladderWithFault(this.#options.encoderFault) }),
      });
      const plane = planeFor(encoder, request, this.#monitor);
      this.#announce(request, encoder, plane);
      encoder.onSwitch(({ from, to, reason }) => {
        const text = `The encoder ${from} failed (${reason}); ${to} took over.`;
        this.#report({ type: "notice", level: "warning", text });
        this.#announce(request, encoder, plane);
      });
      pipeline.addRung(new Rung(request, { encoder, plane }, monotonicUs(), sequence));
    } catch (error) {
      this.#requests.delete(request.rung);
      this.#report({ type: "rung-failed", rung: request.rung, reason: describeError(error) });
    }
  }

  #announce({ rung }: RungRequest, encoder: RungParts["encoder"], { width, height }: Plane): void {
    const { codec, codecString, encoder: name, reason: encoderReason } = encoder;
    this.#report({ type: "rung", rung, codec, codecString, width, height, encoder: name, encoderReason });
  }

  #reportPerformance(): void {
    this.#meterTimer = undefined;
    for (const [number, rung] of this.#pipeline?.rungs ?? []) {
      const { encoder, reason, width, height } = rung.encoder;
      const about = { backend: this.#backend, encoder, encoderReason: reason, width, height };
      const performance = rung.meter.take(monotonicUs(), about, rung.sentPixels);
      if (performance !== undefined) this.#report({ type: "performance", rung: number, performance });
    }
  }

  #fail(reason: string): void {
    this.close();
    this.#report({ type: "failed", reason });
  }
}

/** Exact tiles go with pictures of the source's own size; encoders add a column or row to odd ones. */
function planeFor(encoder: PictureEncoder, { settings, budget, codec, tiles }: RungRequest, monitor: Monitor): Plane {
  const size = pictureSize(monitor, settings, codec === "h264");
  if (!tiles || size.width < monitor.width || size.height < monitor.height) return new PlainPlane(encoder, size);
  return new HybridPlane(encoder, monitor, tileBudget(budget ?? { ...settings, coarse: false }), monotonicUs);
}
