import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { describeError, EnvironmentError } from "../base/index.ts";
import { SESSION_ID_BYTES, TubeDialler } from "../tube/core/index.ts";
import {
  closeWebRtc,
  type ForwardSpec,
  Forwards,
  HubOperator,
  loadWebRtc,
  operatorPorts,
  parseForward,
  UdpAssociations,
} from "../tube/node/index.ts";
import { aborted, type CommandContext } from "./command-context.ts";
import type { ForwardRequest } from "./forward-options.ts";
import { ForwardStatus } from "./forward-status.ts";

/** Forwards until told to end. Resolves with the exit code. */
export async function runForward(context: CommandContext, request: ForwardRequest): Promise<number> {
  const { config, signal } = context;
  if (config.hub === undefined || config.token === undefined) {
    const lacking = config.hub === undefined ? "--hub URL" : "--token TOKEN";
    throw new EnvironmentError(
      "Forwarding needs a hub and a token.",
      `Add ${lacking}; the hub prints both when it starts.`,
    );
  }
  const specs = request.forwards.map(({ flag, text }) => parseForward(flag, text));
  const certificateAuthority = config.hubCert === undefined ? undefined : readFileSync(config.hubCert);
  const session = new ForwardSession(context, request, { hub: config.hub, token: config.token, certificateAuthority });
  try {
    await session.start(specs);
    const refusal = await Promise.race([session.refused, session.quit, aborted(signal)]);
    return refusal === undefined ? 0 : 1;
  } finally {
    await session.close();
  }
}

/** Time for the farewell to reach the agent. */
const FAREWELL_MS = 500;

class ForwardSession {
  readonly refused: Promise<string>;
  readonly quit: Promise<void>;
  readonly #operator: HubOperator;
  readonly #dialler: TubeDialler;
  readonly #forwards: Forwards;
  readonly #status: ForwardStatus;
  readonly #lines = createInterface({ input: process.stdin });
  #quit: () => void = () => undefined;

  constructor(
    context: CommandContext,
    { via, transport, relayOnly }: ForwardRequest,
    address: ConstructorParameters<typeof HubOperator>[0],
  ) {
    const { config, log } = context;
    this.#operator = new HubOperator(address);
    const trace = log.isLevelEnabled("trace") ? (event: object): void => log.trace(event, "tube") : undefined;
    this.#dialler = new TubeDialler({
      ...{ ports: operatorPorts(this.#operator, via, address, { relayOnly }), transport, random: Math.random, trace },
      newSession: () => randomBytes(SESSION_ID_BYTES),
      listener: {
        open: (connection, opened) => this.#forwards.open(connection, opened),
        datagram: (message) => this.#forwards.datagram(message),
      },
    });
    const channel = () => this.#dialler.channel;
    this.#forwards = new Forwards({
      channel,
      udp: new UdpAssociations(),
      credentials: credentialsOf(config.socksAuth),
    });
    this.#status = new ForwardStatus(process.stdout, channel);
    this.refused = new Promise((resolve) => {
      this.#dialler.onStatus(({ state, text }) => {
        this.#status.print(text);
        if (state === "refused") resolve(text);
      });
    });
    this.quit = new Promise((resolve) => {
      this.#quit = resolve;
    });
    this.#dialler.onChannel((renewed) => this.#forwards.renew(renewed));
    this.#forwards.onNote((text) => this.#status.print(text));
    this.#operator.onConnected(() => this.#dialler.start());
    this.#operator.onProblem((text) => this.#status.print(text));
  }

  async start(specs: readonly ForwardSpec[]): Promise<void> {
    await loadWebRtc().catch((error: unknown) => this.#status.print(describeError(error)));
    for (const spec of specs) await this.#add(spec);
    this.#lines.on("line", (line) => void this.#command(line));
    this.#operator.start();
  }

  async close(): Promise<void> {
    this.#lines.close();
    this.#status.close();
    this.#forwards.close();
    this.#dialler.close();
    await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
    this.#operator.close();
    closeWebRtc();
  }

  async #add(spec: ForwardSpec): Promise<void> {
    const { id, text } = await this.#forwards.add(spec);
    this.#status.print(`${id}: ${text}`);
  }

  /** One line of standard input. */
  async #command(line: string): Promise<void> {
    const [verb = "", ...rest] = line.trim().split(/\s+/);
    try {
      if (verb === "add") await this.#add(specOf(rest));
      else if (verb === "remove") this.#remove(Number(rest[0]));
      else if (verb === "list") for (const { id, text } of this.#forwards.list()) this.#status.print(`${id}: ${text}`);
      else if (verb === "quit") this.#quit();
      else if (verb !== "") this.#status.print(COMMANDS);
    } catch (error) {
      this.#status.print(describeError(error));
    }
  }

  #remove(id: number): void {
    this.#status.print(this.#forwards.remove(id) ? `Removed ${id}.` : `There is no forward ${id}; "list" shows them.`);
  }
}

function specOf([flag, text = ""]: readonly string[]): ForwardSpec {
  if (flag === "-L" || flag === "-R" || flag === "-D") return parseForward(flag, text);
  throw new EnvironmentError("This is no forward.", COMMANDS);
}

function credentialsOf(text: string | undefined): { user: string; password: string } | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(":");
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

const COMMANDS = "Commands: add -L|-R|-D <forward>, remove <number>, list, quit.";
