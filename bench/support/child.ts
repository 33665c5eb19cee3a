import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Lifetime } from "./lifetime.ts";

/** A child process that ends with a lifetime. */
export type Child = {
  readonly pid: number;
  readonly stdin: Writable;
  /** Calls `listener` for each line of standard output from now on. */
  onLine(listener: (line: string) => void): void;
  /** The first line of standard output for which `pick` returns something; rejects when the child ends before. */
  line<T>(pick: (line: string) => T | undefined, timeoutMs?: number): Promise<T>;
};

export type ChildOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Reads the child's file descriptor 3 instead of its standard output. */
  readonly linesFromFd3?: boolean;
};

const killAfterMs = 3000;
const keptErrorBytes = 4000;

/** Starts `command`; its last words on standard error are in the error when it ends before it is asked to. */
export async function startChild(
  lifetime: Lifetime,
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Child> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe", options.linesFromFd3 ? "pipe" : "ignore"],
  });
  lifetime.defer(() => endChild(child));
  await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));

  let errorText = "";
  child.stderr?.on("data", (data) => {
    errorText = (errorText + data).slice(-keptErrorBytes);
  });
  child.stdin?.on("error", () => {});
  const output = (options.linesFromFd3 ? child.stdio[3] : child.stdout) as Readable;
  if (options.linesFromFd3) child.stdout?.resume();
  const lines = createInterface({ input: output });
  const failure = () => new Error(`${command} ended (${child.exitCode ?? child.signalCode}): ${errorText.trim()}`);
  const silence = () => new Error(`${command} did not say what was waited for: ${errorText.trim()}`);
  return {
    pid: child.pid as number,
    stdin: child.stdin as Writable,
    onLine: (listener) => lines.on("line", listener),
    line: (pick, timeoutMs = 20_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => settle(() => reject(silence())), timeoutMs);
        const settle = (then: () => void) => {
          clearTimeout(timer);
          child.off("exit", onExit);
          lines.off("line", onLine);
          then();
        };
        const onExit = () => settle(() => reject(failure()));
        const onLine = (line: string) => {
          const picked = pick(line);
          if (picked !== undefined) settle(() => resolve(picked));
        };
        child.once("exit", onExit);
        lines.on("line", onLine);
      }),
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  await exited;
  clearTimeout(timer);
}
