import type { Duplex } from "node:stream";
import { Backoff } from "../base/index.ts";
import { type ProcessCommand, ProcessRun, type RunEnd } from "./process-run.ts";

/** Why a run ended and what comes next. */
export type ProcessEnd = RunEnd & { readonly retryInMs: number };

/** What the owner wants to know, and the bounds; times in milliseconds. */
export type SupervisionOptions = {
  /** A run has begun; `pipe` is the parent's end of the child's fd 3, owned by the callee. */
  readonly onStart: (pid: number, pipe: Duplex) => void;
  readonly onEnd: (end: ProcessEnd) => void;
  /** A line of the program's output, for the log. */
  readonly onLine: (line: string) => void;
  /** A run of at least this length counts as a success: the next retry comes at once. */
  readonly stableMs?: number;
  /** How long the program may take to end after SIGTERM before it gets SIGKILL. */
  readonly killAfterMs?: number;
  readonly retryBaseMs?: number;
  readonly retryCapMs?: number;
};

const STABLE_MS = 10_000;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 15_000;

/**
 * Keeps one program running in a process group of its own: starts it, reads its output, restarts it with backoff when it
 * ends (at once the first time), and ends the whole group on `close`. Its fd 3 is a pipe to this process.
 */
export class SupervisedProcess {
  readonly #command: ProcessCommand;
  readonly #options: SupervisionOptions;
  readonly #backoff: Backoff;
  #run: ProcessRun | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(command: ProcessCommand, options: SupervisionOptions) {
    this.#command = command;
    this.#options = options;
    this.#backoff = new Backoff({
      baseMs: options.retryBaseMs ?? RETRY_BASE_MS,
      capMs: options.retryCapMs ?? RETRY_CAP_MS,
      random: Math.random,
    });
    this.#start();
  }

  /** The process id of the current run. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  /** Ends the current run (SIGTERM, then SIGKILL after the bound); the next one begins as after a crash. */
  restart(): void {
    this.#run?.end();
  }

  /** Ends the program for good; resolves when its whole process group was told to end and the program is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#run?.end();
    await this.#run?.ended;
  }

  #start(): void {
    const startedMs = performance.now();
    const run = new ProcessRun(this.#command, {
      ...this.#options,
      onEnd: (end) => this.#finish(end, performance.now() - startedMs),
    });
    this.#run = run;
    if (run.pid !== undefined && run.pipe !== undefined) this.#options.onStart(run.pid, run.pipe);
  }

  #finish(end: RunEnd, livedMs: number): void {
    if (this.#closed) return;
    if (livedMs >= (this.#options.stableMs ?? STABLE_MS)) this.#backoff.reset();
    const retryInMs = this.#backoff.nextDelayMs();
    this.#retry = setTimeout(() => this.#start(), retryInMs);
    this.#options.onEnd({ ...end, retryInMs });
  }
}
