import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../bin/sightline.js", import.meta.url));

/** A process that descends from a {@link SightlineProcess}. */
export type Descendant = {
  readonly pid: number;
  readonly args: readonly string[];
  readonly environment: Map<string, string>;
};

/** `sightline` as people start it: its output by line, and every process that comes from it, however it was started. */
export class SightlineProcess {
  readonly child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
  readonly #mark = randomUUID();
  #output = "";

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(SIGHTLINE_|DISPLAY$|XAUTHORITY$)/.test(name));
    const env = { ...Object.fromEntries(inherited), ...environment, SPAWNED_BY_TEST: this.#mark };
    this.child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    this.exit = new Promise((resolve) =>
      this.child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown")),
    );
  }

  /** Everything it has printed, to both streams. */
  get output(): string {
    return this.#output;
  }

  /** Waits until the output matches; rejects when the process ends before that. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    let ended = false;
    void this.exit.then(() => {
      ended = true;
    });
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match;
      if (ended) throw new Error(`sightline ended before it printed ${pattern}. It printed:\n${this.#output}`);
      await pause(50);
    }
  }

  /** Living processes that descend from this one, itself included, found by their environment. */
  descendants(): Descendant[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readProcess(Number(pid)) ?? [])
      .filter(({ environment }) => environment.get("SPAWNED_BY_TEST") === this.#mark);
  }

  /** Waits until nothing that descends from it is left. */
  async waitForNoDescendants(): Promise<void> {
    while (this.descendants().length > 0) await pause(50);
  }

  /** For the end of a test: ends whatever is left. */
  async dispose(): Promise<void> {
    this.child.kill("SIGTERM");
    const late = pause(10_000).then(() => "late" as const);
    if ((await Promise.race([this.exit, late])) === "late") this.child.kill("SIGKILL");
    for (const { pid } of this.descendants()) process.kill(pid, "SIGKILL");
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Undefined for a process that is ending or a zombie: it has no command line. */
function readProcess(pid: number): Descendant | undefined {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const);
    return args.length === 0 ? undefined : { pid, args, environment: new Map(environment) };
  } catch {
    return undefined;
  }
}
