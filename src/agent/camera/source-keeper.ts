import { Backoff, type Closable, Emitter, type Event } from "../../base/index.ts";
import type { Camera, CameraDelivery, CameraReport } from "../../protocol/index.ts";
import type { CaptureThread } from "./camera-thread.ts";
import { processMemoryBytes } from "./process-memory.ts";
import type { CameraThreadReport } from "./thread-messages.ts";
import { Watchdog } from "./watchdog.ts";

const LOOK_INTERVAL_MS = 250;
const REPORT_INTERVAL_US = 1_000_000;
/** A camera that blinks is back in well under two seconds; one that is gone for hours costs next to nothing. */
const RETRY = { firstMs: 200, baseMs: 500, capMs: 30_000 };
/** Pictures for this long, and the next failure counts as a first one again. */
const STABLE_US = 5_000_000;
/** What a source gets to release everything; after that only the end of the process helps. */
const CLOSE_TIMEOUT_MS = 2000;
/** Pictures that were left out are told for so long. */
const DAMAGE_SHOWN_US = 5_000_000;

/** How the keeper tells the time; the product's is the machine's monotonic clock. */
export type KeeperClock = { readonly nowUs: () => number; readonly random: () => number };

type Phase = "opening" | "delivering" | "closing" | "waiting" | "ended";

/**
 * Keeps a camera's source delivering: opens it, watches how fresh its pictures are, opens it anew when it failed or fell
 * silent, later and later while it does not come back, and reports all of that.
 */
export class SourceKeeper implements Closable {
  readonly #thread: CaptureThread;
  readonly #clock: KeeperClock;
  readonly #backoff: Backoff;
  readonly #declaredFps: number;
  readonly #reports = new Emitter<CameraReport>();
  readonly #stuck = new Emitter<string>();
  readonly onReport: Event<CameraReport> = this.#reports.event;
  /** The source cannot be stopped: the process has to end. */
  readonly onStuck: Event<string> = this.#stuck.event;
  #phase: Phase = "ended";
  #watchdog: Watchdog;
  #detail = "";
  /** The last error does not go away by itself. */
  #lasting = false;
  #retryAtUs = 0;
  #openedUs = 0;
  #deliveringUs = 0;
  #reportedUs = 0;
  #reportedState = "";
  #damaged = { discarded: 0, atUs: Number.NEGATIVE_INFINITY };
  #late = false;
  #delivery: CameraDelivery | undefined;
  #childPid = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks: ReturnType<typeof setInterval> | undefined;
  readonly #unsubscribe: () => void;

  constructor(thread: CaptureThread, camera: Camera, clock: KeeperClock) {
    this.#thread = thread;
    this.#clock = clock;
    this.#backoff = new Backoff({ ...RETRY, random: clock.random });
    this.#declaredFps = camera.source.kind === "snapshot" ? 1000 / camera.source.intervalMs : 0;
    this.#watchdog = new Watchdog(clock.nowUs(), this.#declaredFps);
    this.#unsubscribe = thread.onReport((report) => this.#receive(report));
  }

  /** The program that captures, 0 while there is none. */
  get childPid(): number {
    return this.#childPid;
  }

  /** What the source delivers as far as it is known. */
  get delivery(): CameraDelivery | undefined {
    return this.#delivery;
  }

  start(): void {
    this.#looks = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#open();
  }

  close(): void {
    clearInterval(this.#looks);
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#phase = "ended";
  }

  #open(): void {
    this.#phase = "opening";
    this.#retryAtUs = 0;
    this.#late = false;
    this.#openedUs = this.#clock.nowUs();
    this.#watchdog = new Watchdog(this.#openedUs, this.#declaredFps);
    this.#thread.send({ type: "open-source" });
    this.#tell();
  }

  #receive(report: CameraThreadReport): void {
    switch (report.type) {
      case "opened": {
        if (this.#phase !== "opening" && this.#phase !== "delivering") break;
        const { codec, width, height, fps, decoder } = report.info;
        this.#watchdog.setRate(this.#declaredFps || fps);
        // The engine tells what it found right before its first picture.
        const openingMs = (this.#clock.nowUs() - this.#openedUs) / 1000;
        const firstPictureMs = this.#phase === "opening" ? openingMs : (this.#delivery?.firstPictureMs ?? 0);
        const bitrateBps = this.#delivery?.bitrateBps ?? 0;
        this.#delivery = { codec, width, height, fps, bitrateBps, decoder, firstPictureMs, ...report.choice };
        break;
      }
      case "figures":
        if (this.#delivery !== undefined) this.#delivery = { ...this.#delivery, ...report.figures };
        break;
      case "failed":
        if (this.#phase !== "opening" && this.#phase !== "delivering") break;
        this.#lasting = report.lasting;
        this.#retry(report.reason);
        break;
      case "closed":
        if (this.#phase === "closing") this.#retry(this.#detail);
        break;
      case "child":
        this.#childPid = report.pid;
        break;
    }
  }

  /** Everything of the last attempt is released; the next one comes after a pause. */
  #retry(reason: string): void {
    clearTimeout(this.#timer);
    const delayMs = this.#backoff.nextDelayMs();
    this.#phase = "waiting";
    this.#detail = reason;
    this.#retryAtUs = this.#clock.nowUs() + delayMs * 1000;
    this.#timer = setTimeout(() => this.#open(), delayMs);
    this.#tell();
  }

  #look(): void {
    const nowUs = this.#clock.nowUs();
    if (this.#phase === "opening" || this.#phase === "delivering") {
      const freshness = this.#watchdog.look(nowUs, this.#thread.pulse);
      if (freshness === "stalled") {
        this.#stop(this.#watchdog.delivered ? "No picture came any more." : "The source opened, but no picture came.");
        return;
      }
      this.#late = freshness === "late";
      this.#noteDamage(nowUs);
      if (this.#phase === "opening" && this.#watchdog.delivered) this.#begin();
      if (this.#phase === "delivering" && nowUs - this.#deliveringUs > STABLE_US) this.#backoff.reset();
    }
    if (nowUs - this.#reportedUs >= REPORT_INTERVAL_US || this.#state !== this.#reportedState) this.#tell();
  }

  #noteDamage(nowUs: number): void {
    const { discarded } = this.#thread.pulse;
    if (discarded > this.#damaged.discarded) this.#damaged = { discarded, atUs: nowUs };
  }

  #begin(): void {
    this.#phase = "delivering";
    this.#detail = "";
    this.#lasting = false;
    this.#deliveringUs = this.#clock.nowUs();
  }

  #stop(reason: string): void {
    this.#phase = "closing";
    this.#detail = reason;
    this.#lasting = false;
    this.#thread.send({ type: "close-source" });
    this.#timer = setTimeout(() => {
      this.#stuck.emit(`${reason} The source could not be closed either.`);
    }, CLOSE_TIMEOUT_MS);
    this.#tell();
  }

  get #state(): CameraReport["state"] {
    if (this.#phase === "delivering") return this.#problem === "" ? "healthy" : "degraded";
    // It is tried again all the same, for what was refused or missing may be put right meanwhile.
    if (this.#lasting) return "failed";
    return this.#phase === "opening" && this.#backoff.attempt === 0 ? "connecting" : "recovering";
  }

  /** What is not as it should be although pictures come. */
  get #problem(): string {
    if (this.#late) return "The newest picture is late.";
    const recent = this.#clock.nowUs() - this.#damaged.atUs < DAMAGE_SHOWN_US;
    return recent ? "Damaged pictures were left out." : "";
  }

  #tell(): void {
    const nowUs = this.#clock.nowUs();
    const { pictures, discarded, newestUs } = this.#thread.pulse;
    const state = this.#state;
    this.#reportedUs = nowUs;
    this.#reportedState = state;
    const delivering = this.#phase === "delivering";
    this.#reports.emit({
      state,
      detail: (delivering ? this.#problem : this.#detail).slice(0, 512),
      attempt: delivering ? 0 : this.#backoff.attempt,
      retryInMs: this.#retryAtUs === 0 ? 0 : Math.max(0, (this.#retryAtUs - nowUs) / 1000),
      ...(this.#delivery === undefined ? {} : { delivery: this.#delivery }),
      pictures,
      discarded,
      ...(newestUs === undefined ? {} : { lastPictureAgeMs: Math.max(0, nowUs - newestUs) / 1000 }),
      memoryBytes: processMemoryBytes(this.#childPid),
    });
  }
}
