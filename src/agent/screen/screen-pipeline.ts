import { type Closable, describeError, Emitter, type Event, Scope } from "../../base/index.ts";
import type { RungBudget } from "../../protocol/index.ts";
import type { Capturer, CursorShape, Grab, PixelBuffer } from "../capture/capturer.ts";
import type { InputMark } from "./input-mark.ts";
import type { Rung } from "./rung.ts";

/** A picture message ready for the link, and when its encoding ended. */
export type RungPicture = { readonly message: Uint8Array<ArrayBuffer>; readonly encodedUs: number };

/** How the pipeline tells the time and waits; the product's is the machine's monotonic clock. */
export type PipelineClock = { readonly nowUs: () => number };

/**
 * Moves pictures of one monitor from the capturer to its rungs. It sleeps until the capturer reports a change or a rung
 * gets credit, and grabs only when some rung may send: a change that nobody can be shown yet stays in the display.
 */
export class ScreenPipeline implements Closable {
  readonly #capturer: Capturer;
  readonly #inputMark: InputMark;
  readonly #clock: PipelineClock;
  readonly #rungs = new Map<number, Rung>();
  readonly #pictures = new Emitter<RungPicture>();
  readonly #rungFailures = new Emitter<{ rung: number; reason: string }>();
  readonly #captureFailures = new Emitter<string>();
  readonly #scope = new Scope();
  #buffer: PixelBuffer | undefined;
  #changePending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly onPicture: Event<RungPicture> = this.#pictures.event;
  /** A rung could not be encoded by any encoder; it has been closed. */
  readonly onRungFailed: Event<{ rung: number; reason: string }> = this.#rungFailures.event;
  /** The source can no longer be read. */
  readonly onCaptureFailed: Event<string> = this.#captureFailures.event;
  readonly onCursor: Event<CursorShape>;

  readonly #emit = (message: Uint8Array<ArrayBuffer>): void => {
    this.#pictures.emit({ message, encodedUs: this.#clock.nowUs() });
  };

  constructor(capturer: Capturer, inputMark: InputMark, clock: PipelineClock) {
    this.#capturer = this.#scope.add(capturer);
    this.#inputMark = inputMark;
    this.#clock = clock;
    this.onCursor = capturer.onCursor;
    const unsubscribe = capturer.onChange(() => {
      this.#changePending = true;
      this.#run();
    });
    this.#scope.defer(unsubscribe);
    this.#scope.defer(() => clearTimeout(this.#timer));
  }

  get rungs(): ReadonlyMap<number, Rung> {
    return this.#rungs;
  }

  /** Takes ownership of the rung; its first picture is a keyframe of the whole source. */
  addRung(rung: Rung): void {
    this.#rungs.set(rung.request.rung, rung);
    this.#damageAll(rung);
    if (this.#buffer === undefined) {
      this.#changePending = true;
      this.#capturer.invalidate();
    }
    this.#run();
  }

  removeRung(number: number): void {
    this.#rungs.get(number)?.close();
    this.#rungs.delete(number);
  }

  requestKeyframe(number: number): void {
    const rung = this.#rungs.get(number);
    if (rung === undefined || !rung.requestKeyframe(this.#clock.nowUs())) return;
    this.#damageAll(rung);
    this.#run();
  }

  ack(number: number, sequence: number): void {
    this.#rungs.get(number)?.ack(sequence);
    this.#run();
  }

  setCredits(number: number, credits: number): void {
    this.#rungs.get(number)?.setCredits(credits);
    this.#run();
  }

  setBudget(number: number, budget: RungBudget): void {
    this.#rungs.get(number)?.setBudget(budget);
    this.#run();
  }

  close(): void {
    for (const rung of this.#rungs.values()) rung.close();
    this.#rungs.clear();
    this.#scope.close();
  }

  #damageAll(rung: Rung): void {
    const { width, height } = this.#capturer;
    rung.addDamage([{ x: 0, y: 0, width, height }], this.#clock.nowUs());
  }

  /** Makes every picture that can be made now and arranges to be called again for the rest. */
  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const nowUs = this.#clock.nowUs();
    const ready: Rung[] = [];
    for (const rung of this.#rungs.values()) {
      if (this.#delayUs(rung, nowUs) > 0) continue;
      if (rung.hasDamage || this.#changePending) ready.push(rung);
      else if (this.#buffer !== undefined)
        this.#attempt(rung, this.#buffer, (to) => rung.refine(to, nowUs, this.#emit));
    }
    if (ready.length > 0) this.#grabAndEncode(ready, nowUs);
    this.#schedule();
  }

  /** Microseconds until the rung has something to send and may; Infinity when an ack or a change must come first. */
  #delayUs(rung: Rung, nowUs: number): number {
    if (!rung.hasCredit) return Number.POSITIVE_INFINITY;
    return rung.hasDamage || this.#changePending ? rung.delayUs(nowUs) : rung.refineDelayUs(nowUs);
  }

  #schedule(): void {
    const nowUs = this.#clock.nowUs();
    let delayUs = Number.POSITIVE_INFINITY;
    for (const rung of this.#rungs.values()) delayUs = Math.min(delayUs, this.#delayUs(rung, nowUs));
    if (delayUs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#run(), Math.ceil(delayUs / 1000));
  }

  #grabAndEncode(ready: readonly Rung[], nowUs: number): void {
    const input = this.#inputMark.read();
    let times = { grabStartUs: nowUs, grabEndUs: nowUs };
    if (this.#changePending) {
      const grab = this.#grab();
      this.#changePending = false;
      if (grab !== undefined) {
        this.#buffer = grab.buffer;
        times = grab;
        for (const rung of this.#rungs.values()) rung.addDamage(grab.rects, grab.changeUs);
      }
    }
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    for (const rung of ready) {
      if (rung.hasDamage) this.#attempt(rung, buffer, (from) => rung.encode(from, { ...times, input }, this.#emit));
    }
  }

  #grab(): Grab | undefined {
    try {
      return this.#capturer.grab();
    } catch (error) {
      this.#captureFailures.emit(describeError(error));
      return undefined;
    }
  }

  /** A rung whose encoders all failed ends; the others go on. */
  #attempt(rung: Rung, buffer: PixelBuffer, make: (buffer: PixelBuffer) => void): void {
    try {
      make(buffer);
    } catch (error) {
      this.removeRung(rung.request.rung);
      this.#rungFailures.emit({ rung: rung.request.rung, reason: describeError(error) });
    }
  }
}
