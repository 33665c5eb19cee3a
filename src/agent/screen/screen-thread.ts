import { Worker } from "node:worker_threads";
import { type Closable, Emitter, type Event } from "../../base/index.ts";
import type { ScreenCommand, ScreenReport, ScreenThreadOptions } from "./thread-messages.ts";

/** How long a thread may take to release its capture and encoders before it is terminated. */
const STOP_TIMEOUT_MS = 1000;

/** The main thread's handle of the worker thread that captures and encodes one monitor. */
export class ScreenThread implements Closable {
  readonly #worker: Worker;
  readonly #reports = new Emitter<ScreenReport>();
  #closed = false;

  /** Everything the thread says; `failed` is the last report, also when the thread died by itself. */
  readonly onReport: Event<ScreenReport> = this.#reports.event;

  constructor(options: ScreenThreadOptions) {
    this.#worker = new Worker(new URL("./screen-worker.js", import.meta.url), { workerData: options });
    this.#worker.on("message", (report: ScreenReport) => this.#reports.emit(report));
    this.#worker.on("error", (error) => this.#fail(`The capture thread failed: ${error.message}`));
    this.#worker.on("exit", (code) => {
      if (!this.#closed) this.#fail(`The capture thread ended with code ${code}.`);
    });
  }

  send(command: ScreenCommand): void {
    if (!this.#closed) this.#worker.postMessage(command);
  }

  /** Lets the thread release what it holds, then ends it. */
  close(): void {
    if (this.#closed) return;
    this.#worker.postMessage({ type: "stop" } satisfies ScreenCommand);
    this.#closed = true;
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_TIMEOUT_MS);
    this.#worker.once("exit", () => clearTimeout(timer));
  }

  /** Resolves when the thread has ended. */
  async stopped(): Promise<void> {
    if (this.#worker.threadId === -1) return;
    await new Promise((resolve) => this.#worker.once("exit", resolve));
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reports.emit({ type: "failed", reason });
  }
}
