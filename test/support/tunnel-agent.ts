import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Hub } from "../../dist/hub/index.js";
import { connectWebSocketLink } from "../../dist/node/index.js";
import { PROTOCOL_VERSION, parseAgentCommand } from "../../dist/protocol/index.js";
import { type AuditEntry, TargetRules, TubeHost } from "../../dist/tube/node/index.js";
import { tunnelServices } from "../../dist/tube/services/index.js";
import { FAKE_SOURCE } from "./fake-agent.ts";
import { AGENT_TOKEN } from "./test-hub.ts";

export type TunnelAgentOptions = {
  readonly name?: string;
  readonly targets?: string;
  /** The content of the file of machines, in YAML. */
  readonly machines?: string;
  readonly guacd?: string;
  readonly guacdTimings?: { readonly argsMs: number; readonly readyMs: number };
};

/** The tunnels of an agent with one screen that shows nothing, in this process; everything else is the real thing. */
export class TunnelAgent {
  readonly audit: AuditEntry[] = [];
  /** What an agent would have logged. */
  readonly log: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "sightline-tunnels-"));
  readonly host: TubeHost;
  #close: () => void = () => undefined;

  private constructor(hub: Hub, options: TunnelAgentOptions) {
    const machinesFile = join(this.folder, "machines.yaml");
    if (options.machines !== undefined) writeFileSync(machinesFile, options.machines);
    this.host = new TubeHost({
      targets: new TargetRules(options.targets),
      listens: new TargetRules(""),
      audit: { write: (entry) => void this.audit.push(entry), close: () => undefined },
      log: pino({ level: "trace" }, { write: (line: string) => void this.log.push(line) }),
      relay: { hub: hub.url },
      services: tunnelServices({
        rulesText: options.targets ?? "",
        machinesFile: options.machines === undefined ? undefined : machinesFile,
        knownHostsFile: this.knownHostsFile,
        guacd: options.guacd,
        guacdTimings: options.guacdTimings,
      }),
    });
  }

  static async start(hub: Hub, options: TunnelAgentOptions = {}): Promise<TunnelAgent> {
    const agent = new TunnelAgent(hub, options);
    const address = `${hub.url.replace(/^http/, "ws")}/api/agent`;
    const link = await connectWebSocketLink(address, { bearerToken: AGENT_TOKEN });
    const say = (message: object): void => void link.send(JSON.stringify(message));
    await new Promise<void>((resolve) => {
      link.onMessage((message) => {
        if (typeof message !== "string") return;
        const command = parseAgentCommand(message);
        if (command.type === "welcome") say({ type: "sources", sources: [FAKE_SOURCE] });
        else if (command.type === "numbered") resolve();
        else if (command.type === "ping") say({ type: "pong", timeUs: command.timeUs, agentUs: 0 });
        else if (command.type === "tube") {
          const { viewer, tube } = command;
          agent.host.receive(command, (signal) => say({ type: "tube", viewer, tube, signal }));
        }
      });
      say({ type: "hello", protocol: PROTOCOL_VERSION, name: options.name ?? "desk", version: "test" });
    });
    agent.#close = () => link.close();
    return agent;
  }

  get knownHostsFile(): string {
    return join(this.folder, "known-hosts");
  }

  /** The accepted host keys; "" where there are none. */
  get knownHosts(): string {
    try {
      return readFileSync(this.knownHostsFile, "utf8");
    } catch {
      return "";
    }
  }

  close(): void {
    this.host.close();
    this.#close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
