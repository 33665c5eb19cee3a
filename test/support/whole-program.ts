import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chromium } from "./chromium.ts";
import { SightlineProcess } from "./sightline-process.ts";
import { ViewPage } from "./view-page.ts";

export type WholeProgramOptions = {
  readonly name?: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** `sightline serve` on an X display ("virtual" for one of its own), on a free port of loopback and with a state folder of its own. */
export class WholeProgram {
  readonly #display: string;
  readonly #name: string;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "sightline-e2e-"));
  readonly #agents: SightlineProcess[] = [];
  #process: SightlineProcess | undefined;
  #url = "";
  #token = "";
  #agentToken = "";

  private constructor(display: string, options: WholeProgramOptions) {
    this.#display = display;
    this.#name = options.name ?? "desk";
    this.#flags = options.flags ?? [];
    this.#environment = options.environment ?? {};
  }

  /** Resolves when its page can be opened and its screen is there. */
  static async start(display: string, options: WholeProgramOptions = {}): Promise<WholeProgram> {
    const program = new WholeProgram(display, options);
    await program.#run(0);
    return program;
  }

  /** "http://127.0.0.1:8460" */
  get url(): string {
    return this.#url;
  }

  get token(): string {
    return this.#token;
  }

  get process(): SightlineProcess {
    if (this.#process === undefined) throw new TypeError("The program was not started.");
    return this.#process;
  }

  /** The process id of the hub's own agent. */
  get agentPid(): number {
    const agent = this.process.descendants().find(({ args }) => args.includes("--pipe"));
    if (agent === undefined) throw new Error("The hub has no agent now.");
    return agent.pid;
  }

  /** Ends the hub with everything it started. */
  async stop(): Promise<void> {
    await this.process.dispose();
  }

  /** Starts it again after `stop`, on the same port with the same state. */
  async startAgain(): Promise<void> {
    await this.#run(Number(new URL(this.#url).port));
  }

  /** Another machine: `sightline agent` with another display. Resolves when it has reached the hub. */
  async startAgent(display: string, name: string): Promise<SightlineProcess> {
    const args = ["agent", "--hub", this.#url, "--token", this.#agentToken, "--name", name, "--display", display];
    const agent = new SightlineProcess(args, { XDG_STATE_HOME: join(this.#folder, name) });
    this.#agents.push(agent);
    await agent.waitFor(/Connected to/);
    return agent;
  }

  /** Opens the page and waits for the picture. `search` is the query, with its "?"; `host` another name of loopback. */
  async open(chromium: Chromium, { search = "", host = "127.0.0.1" } = {}): Promise<ViewPage> {
    const page = new ViewPage(await chromium.open(this.pageUrl(search).replace("127.0.0.1", host)));
    await page.waitUntilLive();
    return page;
  }

  /** Where the page opens with the administrator's token. */
  pageUrl(search = ""): string {
    return `${this.#url}/${search}#token=${this.#token}`;
  }

  /** Ends everything, idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#agents.splice(0), ...(this.#process ? [this.#process] : [])].map((it) => it.dispose()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(port: number): Promise<void> {
    const args = ["serve", "--port", `${port}`, "--display", this.#display, "--name", this.#name, ...this.#flags];
    const process = new SightlineProcess(args, { ...this.#environment, XDG_STATE_HOME: this.#folder });
    this.#process = process;
    const [, url = "", token = ""] = await process.waitFor(/Open\s+(\S+)\/#token=(\S+)/);
    const [, agentToken = ""] = await process.waitFor(/Agents\s+sightline agent --hub \S+ --token (\S+)/);
    this.#url = url;
    this.#token = token;
    this.#agentToken = agentToken;
    await process.waitFor(/Screen\s+\S+, \d+x\d+/);
  }
}
