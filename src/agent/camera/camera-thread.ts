import { Worker } from "node:worker_threads";
import { Emitter, type Event } from "../../base/index.ts";
import { Pulse } from "./pulse.ts";
import type { CameraCommand, CameraThreadOptions, CameraThreadReport } from "./thread-messages.ts";

/** What the session sees of the thread that captures; a test has its own. */
export type CaptureThread = {
  readonly pulse: Pulse;
  readonly onReport: Event<CameraThreadReport>;
  /** Fires once when the thread has died by itself; the process has to end, for what it held is lost. */
  readonly onDied: Event<string>;
  send(command: CameraCommand): void;
  /** Lets the thread release everything and end. Resolves when it has; it is never terminated from outside. */
  stop(): Promise<void>;
};

/**
 * The worker thread that captures, decodes and encodes one camera. `Worker.terminate()` in the middle of a call into
 * libav would abort the process, so a thread that does not end by itself is left to the end of the process.
 */
export class CameraThread implements CaptureThread {
  readonly pulse = new Pulse();
  readonly #worker: Worker;
  readonly #reports = new Emitter<CameraThreadReport>();
  readonly #died = new Emitter<string>();
  readonly #exited: Promise<void>;
  readonly onReport: Event<CameraThreadReport> = this.#reports.event;
  readonly onDied: Event<string> = this.#died.event;
  #stopping = false;

  constructor() {
    const workerData: CameraThreadOptions = { pulse: this.pulse.memory };
    this.#worker = new Worker(new URL("./camera-worker.js", import.meta.url), { workerData });
    this.#worker.on("message", (report: CameraThreadReport) => this.#reports.emit(report));
    this.#worker.on("error", (error) => this.#die(`The camera's thread failed: ${error.message}`));
    this.#exited = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        this.#die(`The camera's thread ended with code ${code}.`);
        resolve();
      });
    });
  }

  send(command: CameraCommand): void {
    if (!this.#stopping) this.#worker.postMessage(command);
  }

  stop(): Promise<void> {
    this.send({ type: "stop" });
    this.#stopping = true;
    return this.#exited;
  }

  #die(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#died.emit(reason);
  }
}
