import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { signalProcessGroup } from "./process-group.ts";
import { ProcessLines } from "./process-lines.ts";

/** The program to run. `env` is its whole environment. */
export type ProcessCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** How a run ended: for people, and the last lines that the program wrote. */
export type RunEnd = { readonly reason: string; readonly lastLines: readonly string[] };

/** What the owner wants to know. */
export type RunOptions = {
  /** Called once, after what the program wrote last. */
  readonly onEnd: (end: RunEnd) => void;
  /** A line of the program's output, for the log. */
  readonly onLine: (line: string) => void;
  /** How long the program may take to end after SIGTERM before it gets SIGKILL. */
  readonly killAfterMs?: number;
};

const KILL_AFTER_MS = 2000;

/**
 * One run of a program in a process group of its own, with its output read to the end and a pipe to this process as its
 * fd 3. Whatever is left of the group when the program has ended is ended, too.
 */
export class ProcessRun {
  /** The parent's end of the child's fd 3, owned by the caller; undefined where the program could not be started. */
  readonly pipe: Duplex | undefined;
  /** The program is gone and its group was told to end. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #killAfterMs: number;
  #isOver = false;
  #kill: NodeJS.Timeout | undefined;

  constructor({ command, args, env }: ProcessCommand, options: RunOptions) {
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const lines = new ProcessLines(options.onLine);
    if (child.stdout) lines.drain(child.stdout);
    if (child.stderr) lines.drain(child.stderr);
    this.#child = child;
    this.#killAfterMs = options.killAfterMs ?? KILL_AFTER_MS;
    this.ended = new Promise((resolve) => {
      const settle = (reason: string): void => {
        if (this.#isOver) return;
        this.#isOver = true;
        clearTimeout(this.#kill);
        signalProcessGroup(child, "SIGKILL");
        resolve();
        // The pipe delivers what the program wrote last only after its exit was reported.
        setImmediate(() => {
          const last = lines.last === "" ? "" : `: ${lines.last}`;
          options.onEnd({ reason: reason + last, lastLines: lines.takeKept() });
        });
      };
      child.once("error", (error) => settle(error.message));
      // Not "close": a grandchild that inherited the output would delay this for as long as it lives.
      child.once("exit", (code, signal) => settle(endText(code, signal)));
    });
    if (child.pid !== undefined) this.pipe = child.stdio[3] as Duplex;
    else child.stdio[3]?.destroy();
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#isOver ? undefined : this.#child.pid;
  }

  /** Ends it: SIGTERM, then SIGKILL after the bound. Idempotent. */
  end(): void {
    if (this.#isOver || this.#kill !== undefined) return;
    signalProcessGroup(this.#child, "SIGTERM");
    this.#kill = setTimeout(() => signalProcessGroup(this.#child, "SIGKILL"), this.#killAfterMs);
  }
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
