import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hub } from "../../dist/hub/index.js";
import { pause } from "./events.ts";
import { AGENT_TOKEN, TOKEN } from "./test-hub.ts";

const AGENT_PROGRAM = join(import.meta.dirname, "tube-agent-program.js");
const SIGHTLINE = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** What an agent without a screen is started with. */
export type TubeAgentOptions = {
  readonly targets?: string;
  readonly listens?: string;
  readonly timings?: { readonly resumeMs?: number; readonly pingMs?: number; readonly deadMs?: number };
};

export type TubeFigures = {
  readonly tubes: number;
  readonly attempts: number;
  readonly connections: number;
  readonly peers: number;
  readonly rssBytes: number;
  readonly fds: number;
};

/** Children that run; a test that times out never reaches the line that ends its own. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A child process whose output is kept and waited for by line. */
export class LineProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string>;
  #output = "";

  /** `prefix` runs it inside something: `ip netns exec NAME`. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, prefix: readonly string[] = []) {
    const [command = "", ...rest] = [...prefix, process.execPath, ...args];
    this.child = spawn(command, rest, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env.PATH ?? "", ...env },
    });
    running.add(this.child);
    this.child.once("close", () => running.delete(this.child));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    this.exit = new Promise((resolve) => this.child.once("close", (code, signal) => resolve(code ?? signal ?? "")));
  }

  get output(): string {
    return this.#output;
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Waits for output that matches, after what was printed before `from`; gives up a little before a test would. */
  async waitFor(pattern: RegExp, from = 0, timeoutMs = 28_000): Promise<RegExpExecArray> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#output.slice(from));
      if (match !== null) return match;
      if (performance.now() > endMs) throw new Error(`It did not print ${pattern}, but:\n${this.#output}`);
      if (this.child.exitCode !== null) throw new Error(`It ended before it printed ${pattern}:\n${this.#output}`);
      await pause(20);
    }
  }

  rssBytes(): number {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))?.[1];
    return Number(kilobytes) * 1024;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    await this.exit;
  }
}

/** An agent without a screen, in a process of its own. */
export class TubeAgent extends LineProcess {
  readonly folder: string;

  constructor(hub: Pick<Hub, "url">, options: TubeAgentOptions = {}) {
    const folder = mkdtempSync(join(tmpdir(), "sightline-tube-"));
    const settings = { ...options, audit: join(folder, "audit.jsonl") };
    super([AGENT_PROGRAM, hub.url, AGENT_TOKEN, "site", JSON.stringify(settings)]);
    this.folder = folder;
  }

  async figures(): Promise<TubeFigures> {
    const from = this.output.length;
    this.say("figures");
    return JSON.parse((await this.waitFor(/^\{.*\}$/m, from))[0]) as TubeFigures;
  }

  audit(): Array<Record<string, unknown>> {
    const lines = readFileSync(join(this.folder, "audit.jsonl"), "utf8").trim().split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  override async end(signal?: NodeJS.Signals): Promise<void> {
    await super.end(signal);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `sightline forward` through the agent "site". */
export class ForwardProcess extends LineProcess {
  constructor(
    hub: Pick<Hub, "url">,
    args: readonly string[],
    options: {
      readonly token?: string;
      readonly prefix?: readonly string[];
      readonly env?: Record<string, string>;
    } = {},
  ) {
    const env = { SIGHTLINE_TOKEN: options.token ?? TOKEN, ...options.env };
    super([SIGHTLINE, "forward", "--hub", hub.url, "--via", "site", ...args], env, options.prefix);
  }

  /** The port of forward number `id`, once the tube is there. */
  async port(id = 1): Promise<number> {
    const match = await this.waitFor(new RegExp(`^${id}: -[LD] .*?:(\\d+) `, "m"));
    return Number(match[1]);
  }
}
