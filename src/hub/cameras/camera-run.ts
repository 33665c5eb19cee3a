import type { CameraReport } from "../../protocol/index.ts";
import type { CameraWorker } from "./camera-worker.ts";

/** Memory is compared with the least since the process has settled. */
const SETTLED_MS = 60_000;

/** A process that cannot be replaced now stays this long before that is tried again. */
const POSTPONE_MS = 600_000;

/** One process while it is a camera. */
export class CameraRun {
  readonly worker: CameraWorker;
  /** It has said what it delivers, so it takes rungs. */
  ready = false;
  /** The rungs were told to change over to it. */
  renewed = false;
  #healthy = false;
  #startedMs = performance.now();
  #leastBytes = Number.POSITIVE_INFINITY;
  #growthBytes = 0;

  constructor(worker: CameraWorker) {
    this.worker = worker;
  }

  /** Pictures come. */
  get healthy(): boolean {
    return this.#healthy;
  }

  get ageMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Memory beyond the least that it had. */
  get growthBytes(): number {
    return this.#growthBytes;
  }

  reported({ state, memoryBytes }: CameraReport): void {
    this.#healthy = state === "healthy" || state === "degraded";
    if (memoryBytes === undefined) return;
    if (this.ageMs >= SETTLED_MS) this.#leastBytes = Math.min(this.#leastBytes, memoryBytes);
    this.#growthBytes = Number.isFinite(this.#leastBytes) ? memoryBytes - this.#leastBytes : 0;
  }

  /** It is not replaced for a while, although it is due. */
  postpone(): void {
    this.#startedMs = performance.now() - Math.max(0, this.ageMs - POSTPONE_MS);
    this.#leastBytes = Number.POSITIVE_INFINITY;
    this.#growthBytes = 0;
  }
}
