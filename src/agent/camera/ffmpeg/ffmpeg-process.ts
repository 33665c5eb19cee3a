import { type ChildProcess, spawn } from "node:child_process";
import { ProcessLines } from "../../../node/process-lines.ts";
import type { FfmpegCommand } from "./ffmpeg-command.ts";

/** From SIGTERM to SIGKILL; with both, `close` takes less than the 2 s that its owner grants. */
const KILL_AFTER_MS = 1000;

/** The last line often says no more than that it failed; the cause stands before it. */
const MAX_LAST_LINES = 4;
/** Of those lines together. The last one is told however long it is. */
const MAX_LAST_LENGTH = 340;

export type FfmpegProcessOptions = {
  readonly onBytes: (bytes: Buffer) => void;
  /** A line of its standard error. */
  readonly onLine: (line: string) => void;
  /** Once, after the last bytes and lines: why it ended, with the last lines that it wrote. */
  readonly onEnd: (reason: string) => void;
};

/**
 * One run of `ffmpeg`, whose output is always read to the end. It stays in the process group of the camera's process, with
 * which the hub ends it when that process is killed or crashes.
 */
export class FfmpegProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #kill: NodeJS.Timeout | undefined;
  #over = false;

  constructor(command: FfmpegCommand, options: FfmpegProcessOptions) {
    const child = spawn("ffmpeg", command.args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    const lines = new ProcessLines(options.onLine);
    lines.drain(child.stderr);
    child.stdout.on("data", options.onBytes);
    // It may end before it has read the script; why, it tells itself.
    child.stdin.on("error", () => undefined);
    child.stdin.end(command.script);
    this.#ended = new Promise((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        this.#end(resolve);
        const missing = error.code === "ENOENT" ? "it is not installed" : error.message;
        options.onEnd(`The ffmpeg program cannot be started: ${missing}.`);
      });
      child.once("exit", () => this.#end(resolve));
      child.once("close", (code, signal) => {
        if (child.pid === undefined) return;
        const how = signal === null ? `exit code ${code}` : signal;
        const last = lastLines(lines.takeKept());
        options.onEnd(`ffmpeg ended (${how})${last === "" ? "." : `: ${last}`}`);
      });
    });
  }

  /** Its process id while it runs. */
  get pid(): number | undefined {
    return this.#over ? undefined : this.#child.pid;
  }

  /** Ends it: SIGTERM, then SIGKILL. Idempotent; resolves when it is gone. */
  close(): Promise<void> {
    if (!this.#over && this.#kill === undefined) {
      this.#child.kill("SIGTERM");
      this.#kill = setTimeout(() => this.#child.kill("SIGKILL"), KILL_AFTER_MS);
    }
    return this.#ended;
  }

  #end(resolve: () => void): void {
    this.#over = true;
    clearTimeout(this.#kill);
    resolve();
  }
}

/** The newest of these lines in one, whole and in their order, as many as there is room for. */
function lastLines(lines: readonly string[]): string {
  let text = "";
  for (const line of lines.slice(-MAX_LAST_LINES).reverse()) {
    const longer = text === "" ? line.trim() : `${line.trim()} | ${text}`;
    if (text !== "" && longer.length > MAX_LAST_LENGTH) break;
    text = longer;
  }
  return text;
}
