import type { Closable, Rect } from "../../base/index.ts";
import type { PageToWorker, SessionSettings, WorkerToPage } from "../messages.ts";
import type { TimingReport } from "../timing/index.ts";

type Waiting<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

/** The page's end of the viewer's worker: typed messages, and requests that have an answer. */
export class WorkerClient implements Closable {
  readonly #worker: Worker;
  readonly #pixels = new Map<number, Waiting<Uint8ClampedArray>>();
  readonly #timings = new Map<number, Waiting<TimingReport>>();
  #nextRequest = 1;
  #closed = false;

  /** Starts the worker. `onMessage` gets everything but the answers to requests. */
  constructor(settings: SessionSettings, onMessage: (message: WorkerToPage) => void) {
    this.#worker = new Worker(new URL("../worker/viewer-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerToPage>) => {
      if (!this.#answer(data)) onMessage(data);
    };
    this.#worker.onerror = (event) => {
      onMessage({ type: "notice", level: "error", text: `The viewer's worker failed: ${event.message}` });
    };
    this.send({ type: "open", settings });
  }

  send(message: PageToWorker, transfer: Transferable[] = []): void {
    if (!this.#closed) this.#worker.postMessage(message, transfer);
  }

  readPixels(rect: Rect): Promise<Uint8ClampedArray> {
    return this.#ask(this.#pixels, (request) => ({ type: "read-pixels", request, rect }));
  }

  reportTimings(): Promise<TimingReport> {
    return this.#ask(this.#timings, (request) => ({ type: "report-timings", request }));
  }

  close(): void {
    if (this.#closed) return;
    this.send({ type: "close" });
    this.#closed = true;
    const error = new Error("The view was closed.");
    for (const waiting of [...this.#pixels.values(), ...this.#timings.values()]) waiting.reject(error);
  }

  #ask<T>(table: Map<number, Waiting<T>>, message: (request: number) => PageToWorker): Promise<T> {
    if (this.#closed) return Promise.reject(new Error("The view was closed."));
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    return new Promise((resolve, reject) => {
      table.set(request, { resolve, reject });
      this.send(message(request));
    });
  }

  #answer(message: WorkerToPage): boolean {
    if (message.type === "pixels") {
      const waiting = this.#pixels.get(message.request);
      this.#pixels.delete(message.request);
      if (message.pixels !== undefined) waiting?.resolve(message.pixels);
      else waiting?.reject(new RangeError(message.error));
      return true;
    }
    if (message.type !== "timings" || message.request === 0) return false;
    this.#timings.get(message.request)?.resolve(message.report);
    this.#timings.delete(message.request);
    return true;
  }
}
