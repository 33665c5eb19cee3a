import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { Backoff } from "../base/index.ts";
import { signalProcessGroup } from "./process-group.ts";
import { ProcessLines } from "./process-lines.ts";

/** The program to run. `env` is its whole environment. */
export type ProcessCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Why a run ended and what comes next. */
export type ProcessEnd = {
  /** For people: exit code or signal, and the last line the program wrote to its standard error. */
  readonly reason: string;
  readonly lastLines: readonly string[];
  readonly retryInMs: number;
};

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
const KILL_AFTER_MS = 2000;
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
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;
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
    return this.#child?.pid;
  }

  /** Ends the current run (SIGTERM, then SIGKILL after the bound); the next one begins as after a crash. */
  restart(): void {
    if (this.#child === undefined || this.#kill !== undefined) return;
    const child = this.#child;
    signalProcessGroup(child, "SIGTERM");
    this.#kill = setTimeout(() => signalProcessGroup(child, "SIGKILL"), this.#options.killAfterMs ?? KILL_AFTER_MS);
  }

  /** Ends the program for good; resolves when its whole process group was told to end and the program is gone. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.restart();
    await this.#ended;
  }

  #start(): void {
    const { command, args, env } = this.#command;
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const lines = new ProcessLines(this.#options.onLine);
    const startedAt = performance.now();
    if (child.stdout) lines.drain(child.stdout);
    if (child.stderr) lines.drain(child.stderr);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const settle = (reason: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        clearTimeout(this.#kill);
        this.#kill = undefined;
        signalProcessGroup(child, "SIGKILL");
        resolve();
        this.#finish(reason, lines, performance.now() - startedAt);
      };
      child.once("error", (error) => settle(error.message));
      // Not "close": a grandchild that inherited the output would delay the restart for as long as it lives.
      child.once("exit", (code, signal) => settle(endText(code, signal)));
    });
    if (child.pid !== undefined) this.#options.onStart(child.pid, child.stdio[3] as Duplex);
    else child.stdio[3]?.destroy();
  }

  #finish(reason: string, lines: ProcessLines, livedMs: number): void {
    if (this.#closed) return;
    if (livedMs >= (this.#options.stableMs ?? STABLE_MS)) this.#backoff.reset();
    const retryInMs = this.#backoff.nextDelayMs();
    // The pipe delivers what the program wrote last only after its exit was reported.
    setImmediate(() => {
      if (this.#closed) return;
      this.#retry = setTimeout(() => this.#start(), retryInMs);
      const last = lines.last === "" ? "" : `: ${lines.last}`;
      this.#options.onEnd({ reason: reason + last, lastLines: lines.takeKept(), retryInMs });
    });
  }
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
