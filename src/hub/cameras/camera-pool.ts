import { Backoff, type Closable } from "../../base/index.ts";
import type { CameraWorker, LaunchWorker } from "./camera-worker.ts";

/** Who waits for a worker. */
export type PoolClient = {
  /** The worker is the client's from now on. */
  ready(worker: CameraWorker): void;
  /** None can be started now: why, and in how many milliseconds that is tried again. */
  delayed(reason: string, retryInMs: number): void;
};

export type CameraPoolOptions = {
  /** Workers kept ready while there are cameras. */
  readonly spares: number;
  /** Workers started at the same time; others wait their turn, since starting one takes most of a second of a core. */
  readonly maxStarting: number;
};

const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 30_000;
/** A failure so long after the one before is a new story: the first retry comes at once. */
const CALM_MS = 60_000;

/** Keeps processes ready that become a camera in no time, and starts more when they are asked for. */
export class CameraPool implements Closable {
  readonly #launch: LaunchWorker;
  readonly #options: CameraPoolOptions;
  readonly #backoff = new Backoff({ baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS, random: Math.random });
  readonly #starting = new Set<CameraWorker>();
  readonly #spares = new Set<CameraWorker>();
  readonly #waiting = new Set<PoolClient>();
  #keepsSpares = false;
  #retry: NodeJS.Timeout | undefined;
  #failedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(launch: LaunchWorker, options: CameraPoolOptions) {
    this.#launch = launch;
    this.#options = options;
  }

  /** Whether spares are kept: there are cameras. */
  keepSpares(keeps: boolean): void {
    this.#keepsSpares = keeps;
    if (!keeps) {
      for (const spare of this.#spares) spare.close();
      this.#spares.clear();
      for (const worker of [...this.#starting].slice(this.#waiting.size)) {
        this.#starting.delete(worker);
        worker.close();
      }
    }
    this.#fill();
  }

  /** Gives a worker to the client, now or when there is one. Closing the result takes the wish back. */
  take(client: PoolClient): Closable {
    this.#waiting.add(client);
    this.#serveWaiting();
    this.#fill();
    return { close: () => void this.#waiting.delete(client) };
  }

  /** Ends all that no client has. Idempotent. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const worker of [...this.#spares, ...this.#starting]) worker.close();
    this.#spares.clear();
    this.#starting.clear();
    this.#waiting.clear();
  }

  #fill(): void {
    const { spares, maxStarting } = this.#options;
    const wanted = this.#waiting.size + (this.#keepsSpares ? spares : 0);
    while (
      !this.#closed &&
      this.#retry === undefined &&
      this.#starting.size < maxStarting &&
      this.#starting.size + this.#spares.size < wanted
    ) {
      this.#start();
    }
  }

  #start(): void {
    let isOver = false;
    const worker = this.#launch({
      ready: () => {
        this.#starting.delete(worker);
        this.#add(worker);
      },
      failed: (reason) => {
        isOver = true;
        this.#starting.delete(worker);
        this.#failed(reason);
      },
    });
    if (!isOver) this.#starting.add(worker);
  }

  #add(worker: CameraWorker): void {
    this.#spares.add(worker);
    worker.serve({
      message: () => {},
      picture: () => {},
      ended: (reason) => {
        this.#spares.delete(worker);
        this.#failed(reason);
      },
    });
    this.#serveWaiting();
    const wanted = this.#keepsSpares ? this.#options.spares : 0;
    if (this.#spares.size > wanted && this.#spares.delete(worker)) worker.close();
    this.#fill();
  }

  #serveWaiting(): void {
    for (const client of this.#waiting) {
      const [spare] = this.#spares;
      if (spare === undefined) return;
      this.#spares.delete(spare);
      this.#waiting.delete(client);
      client.ready(spare);
    }
  }

  #failed(reason: string): void {
    if (this.#closed || this.#retry !== undefined) return;
    const nowMs = performance.now();
    if (nowMs - this.#failedMs > CALM_MS) this.#backoff.reset();
    this.#failedMs = nowMs;
    const retryInMs = this.#backoff.nextDelayMs();
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#fill();
    }, retryInMs);
    for (const client of this.#waiting) client.delayed(reason, retryInMs);
  }
}
