import { join } from "node:path";
import type { LocalAgent } from "../../dist/hub/index.js";
import { connectWebSocketLink, type Link, type LinkClose } from "../../dist/node/index.js";
import { type AgentCommand, encodePicture, PROTOCOL_VERSION, parseAgentCommand } from "../../dist/protocol/index.js";
import { Inbox } from "./inbox.ts";

export const FAKE_AGENT_PROGRAM = join(import.meta.dirname, "fake-agent-program.js");

/** The fake agent as a child process of the hub. */
export function localFakeAgent(name: string, ...args: string[]): LocalAgent {
  return { name, command: process.execPath, args: [FAKE_AGENT_PROGRAM, "--pipe", "--name", name, ...args], env: {} };
}

export const FAKE_SOURCE = {
  key: "DP-1",
  name: "Fake screen",
  kind: "screen",
  width: 640,
  height: 360,
  x: 0,
  y: 0,
  primary: true,
  input: true,
  clipboard: true,
  backend: "fake",
  backendReason: "a test",
};

/** An agent that does only what the test says, over a WebSocket. */
export class ScriptedAgent {
  readonly link: Link;
  readonly commands = new Inbox<AgentCommand>();
  readonly bytes = new Inbox<Uint8Array>();
  readonly closed: Promise<LinkClose>;

  private constructor(link: Link) {
    this.link = link;
    this.closed = new Promise((resolve) => void link.onClose(resolve));
    link.onMessage((message) => {
      if (typeof message === "string") this.commands.put(parseAgentCommand(message));
      else this.bytes.put(message);
    });
  }

  static async connect(url: string, token: string): Promise<ScriptedAgent> {
    const address = `${url.replace(/^http/, "ws")}/api/agent`;
    return new ScriptedAgent(await connectWebSocketLink(address, { bearerToken: token }));
  }

  say(message: object): void {
    this.link.send(JSON.stringify(message));
  }

  /** Says hello and names one source. Returns that source's number. */
  async introduce(name: string): Promise<number> {
    this.say({ type: "hello", protocol: PROTOCOL_VERSION, name, version: "test" });
    await this.commands.next((command) => command.type === "welcome");
    this.say({ type: "sources", sources: [FAKE_SOURCE] });
    const numbered = await this.commands.next((command) => command.type === "numbered");
    return (numbered as Extract<AgentCommand, { type: "numbered" }>).sources["DP-1"] as number;
  }

  /** Waits until a rung is asked for and announces it. Returns its number. */
  async openRung(): Promise<number> {
    const command = await this.commands.next((candidate) => candidate.type === "open-rung");
    const { rung, codec } = command as Extract<AgentCommand, { type: "open-rung" }>;
    const encoder = { encoder: "fake", encoderReason: "a test" };
    this.say({ type: "rung", rung, codec, codecString: "avc1.42e033", width: 640, height: 360, ...encoder });
    return rung;
  }

  picture(rung: number, sequence: number, options: { keyframe?: boolean; bytes?: number } = {}): void {
    this.link.send(fakePicture(rung, sequence, options));
  }
}

export function fakePicture(
  rung: number,
  sequence: number,
  { keyframe = false, bytes = 100 }: { keyframe?: boolean; bytes?: number } = {},
): Uint8Array {
  const header = { kind: "video" as const, keyframe, intra: keyframe, rung, sequence, width: 640, height: 360 };
  const times = { waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, sendUs: 0, hubUs: 0, inputToChangeUs: undefined };
  const origin = { inputViewer: 0, inputSequence: 0, changeUs: 0, rects: [] };
  return encodePicture({ ...header, ...times, ...origin }, new Uint8Array(bytes));
}
