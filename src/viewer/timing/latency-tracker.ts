import { Measurements } from "../../base/index.ts";
import type { PictureHeader } from "../../protocol/index.ts";
import { STAGE_LABELS, STAGES, type Stage, slowStage, type TimingReport } from "./timing-report.ts";

/** A painted picture with the viewer's own times, in microseconds of the viewer's clock. */
export type PresentedSample = {
  readonly header: PictureHeader;
  readonly bytes: number;
  readonly receivedUs: number;
  readonly decodeUs: number;
  readonly drawUs: number;
  readonly presentedUs: number;
  /** The agent's clock on the viewer's; undefined until clocks are compared. */
  readonly agentToViewerUs: ((agentUs: number) => number) | undefined;
};

/** An input that changed nothing within this time is not waited for any longer. */
const RESPONSE_LIMIT_US = 1_000_000;
const MAX_PENDING_INPUTS = 256;
/** Inputs this close together are taken to be answered by the same picture. */
const SAME_GESTURE_US = 50_000;
const SENT_TIMES = 1024;
const RATE_WINDOW_US = 1_000_000;
const MAX_RATE_SAMPLES = 256;

type PendingInput = { readonly sequence: number; readonly sentUs: number };

/**
 * Measures input to picture and every stage between. Only inputs that ask for a reaction (presses of keys and buttons,
 * wheel, text) are followed, because a motion that changes nothing would be charged with the next unrelated picture.
 */
export class LatencyTracker {
  readonly #inputToPresent = new Measurements();
  readonly #age = new Measurements();
  readonly #stages = new Map<Stage, Measurements>(STAGES.map((stage) => [stage, new Measurements()]));
  readonly #recent: Array<{ readonly presentedUs: number; readonly bytes: number }> = [];
  readonly #sentUs = new Float64Array(SENT_TIMES);
  #pending: PendingInput[] = [];
  #presented = 0;
  #unanswered = 0;

  /** An input left the page at `sentUs`; `asksForReaction` makes it one whose picture is waited for. */
  inputSent(sequence: number, sentUs: number, asksForReaction: boolean): void {
    this.#sentUs[sequence % SENT_TIMES] = sentUs;
    if (!asksForReaction) return;
    this.#pending.push({ sequence, sentUs });
    if (this.#pending.length > MAX_PENDING_INPUTS) {
      this.#pending.shift();
      this.#unanswered += 1;
    }
  }

  /** A picture is on the canvas. `viewer` is this viewer's number. */
  presented(sample: PresentedSample, viewer: number): void {
    this.#presented += 1;
    this.#recent.push({ presentedUs: sample.presentedUs, bytes: sample.bytes });
    if (this.#recent.length > MAX_RATE_SAMPLES) this.#recent.shift();
    this.#addAgentStages(sample);
    if (sample.header.inputViewer === viewer) this.#resolveInputs(sample);
    this.#expireInputs(sample.presentedUs);
  }

  /** Inputs in flight belong to a connection or stream that is gone. */
  forgetInputs(): void {
    this.#pending = [];
  }

  clear(): void {
    this.#pending = [];
    this.#recent.length = 0;
    this.#presented = 0;
    this.#unanswered = 0;
    for (const measurements of [this.#inputToPresent, this.#age, ...this.#stages.values()]) measurements.clear();
  }

  report(nowUs: number, extra: { skipped: number; rttUs: number | undefined }): TimingReport {
    this.#expireInputs(nowUs);
    const stages = STAGES.map((stage) => ({
      stage,
      label: STAGE_LABELS[stage],
      ms: (this.#stages.get(stage) as Measurements).summary(),
    }));
    const slow = slowStage(stages);
    const recent = this.#recent.filter(({ presentedUs }) => presentedUs > nowUs - RATE_WINDOW_US);
    const bytes = recent.reduce((sum, picture) => sum + picture.bytes, 0);
    return {
      inputToPresentMs: this.#inputToPresent.summary(),
      pictureAgeMs: this.#age.summary(),
      stages,
      slowStage: slow.stage,
      verdict: slow.verdict,
      picturesPerSecond: (recent.length * 1_000_000) / RATE_WINDOW_US,
      bitsPerSecond: (bytes * 8 * 1_000_000) / RATE_WINDOW_US,
      picturesPresented: this.#presented,
      picturesSkipped: extra.skipped,
      inputsWithoutPicture: this.#unanswered,
      roundTripMs: extra.rttUs === undefined ? undefined : extra.rttUs / 1000,
    };
  }

  #addAgentStages(sample: PresentedSample): void {
    const { header, agentToViewerUs } = sample;
    this.#add("wait", header.waitUs);
    this.#add("grab", header.grabUs);
    this.#add("convert", header.convertUs);
    this.#add("encode", header.encodeUs);
    this.#add("send", header.sendUs);
    this.#add("decode", sample.decodeUs);
    this.#add("draw", sample.drawUs);
    if (agentToViewerUs === undefined) return;
    const changeUs = agentToViewerUs(header.changeUs);
    const agentUs = header.waitUs + header.grabUs + header.convertUs + header.encodeUs + header.sendUs;
    // The clocks are known to within half a round trip, so a short leg can come out below zero.
    this.#add("network", Math.max(0, sample.receivedUs - changeUs - agentUs));
    this.#age.add(Math.max(0, sample.presentedUs - changeUs) / 1000);
  }

  #resolveInputs(sample: PresentedSample): void {
    const { header, presentedUs, agentToViewerUs } = sample;
    const { inputSequence, inputToChangeUs } = header;
    if (inputToChangeUs === undefined) return;
    const answeredUs = this.#sentUs[inputSequence % SENT_TIMES] as number;
    const waiting: PendingInput[] = [];
    for (const input of this.#pending) {
      const { sequence, sentUs } = input;
      if (!isAtMost(sequence, inputSequence)) {
        waiting.push(input);
        continue;
      }
      // The picture names the last input before it; an input long before that one changed nothing by itself.
      if (answeredUs - sentUs > SAME_GESTURE_US || presentedUs - sentUs > RESPONSE_LIMIT_US) {
        this.#unanswered += 1;
        continue;
      }
      this.#inputToPresent.add((presentedUs - sentUs) / 1000);
      if (sequence !== inputSequence) continue;
      this.#add("app", inputToChangeUs);
      if (agentToViewerUs === undefined) continue;
      this.#add("uplink", Math.max(0, agentToViewerUs(header.changeUs - inputToChangeUs) - sentUs));
    }
    this.#pending = waiting;
  }

  #expireInputs(nowUs: number): void {
    const before = this.#pending.length;
    this.#pending = this.#pending.filter(({ sentUs }) => nowUs - sentUs <= RESPONSE_LIMIT_US);
    this.#unanswered += before - this.#pending.length;
  }

  #add(stage: Stage, us: number): void {
    this.#stages.get(stage)?.add(us / 1000);
  }
}

/** Order of input sequences, which wrap at 2^32. */
function isAtMost(sequence: number, limit: number): boolean {
  return (limit - sequence) >>> 0 < 0x80000000;
}
