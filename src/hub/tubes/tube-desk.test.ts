import pino from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AgentCommand, HubMessage, TubeSignal } from "../../protocol/index.ts";
import type { Access, AgentPort, ViewerPort } from "../ports.ts";
import { MAX_ATTEMPTS_PER_VIEWER, MAX_TUBE_ATTEMPTS, TubeDesk } from "./tube-desk.ts";

type Told = { readonly tube: number; readonly signal: TubeSignal };

const ADMINISTRATOR: Access = { administrator: true, grants: ["view", "tunnel"], sourcePaths: undefined };
const SESSION = "00112233445566778899aabbccddeeff";

function viewer(id: number, access = ADMINISTRATOR) {
  const told: Told[] = [];
  const port: ViewerPort = {
    ...{ id, access, takesPictures: true },
    tell: (message: HubMessage) => message.type === "tube" && void told.push(message),
    ...{ deliver: () => undefined, closeTooSlow: () => undefined },
  } as ViewerPort;
  return { port, told };
}

function agent(name: string) {
  const commands: Extract<AgentCommand, { type: "tube" }>[] = [];
  const port = {
    ...{ name, clockOffsetUs: 0, deliver: () => undefined },
    command: (command: AgentCommand) => command.type === "tube" && void commands.push(command),
  } as unknown as AgentPort;
  return { port, commands };
}

const request = (transport: "webrtc" | "websocket" = "webrtc"): TubeSignal => ({
  ...{ kind: "request", session: SESSION, resume: false, transport },
  // What only the hub may say is not taken from a viewer.
  ...{ who: "the king", ticket: "forged" },
});

describe("the hub's desk for tubes", () => {
  const site = agent("site");
  let desk: TubeDesk;

  beforeEach(() => {
    vi.useFakeTimers();
    site.commands.length = 0;
    desk = new TubeDesk({
      findAgent: (name) => (name === "site" ? site.port : undefined),
      iceServers: ["stun:stun.example:3478"],
      relay: { issue: () => ["for the viewer", "for the agent"] },
      log: pino({ level: "silent" }),
    });
  });

  afterEach(() => {
    desk.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const ask = (from: ViewerPort, tube: number, signal = request(), name = "site"): void =>
    desk.fromViewer(from, { type: "tube", tube, agent: name, signal });

  test("passes a request on with its own words, and the answer back with ICE servers and ticket", () => {
    const { port, told } = viewer(4);
    ask(port, 1, request("websocket"));
    expect(site.commands[0]?.signal).toMatchObject({ kind: "request", who: "viewer 4", ticket: "for the agent" });
    desk.fromAgent(site.port, { type: "tube", viewer: 4, tube: 1, signal: { kind: "accepted" } });
    const iceServers = ["stun:stun.example:3478"];
    expect(told).toEqual([
      expect.objectContaining({ signal: { kind: "accepted", iceServers, ticket: "for the viewer" } }),
    ]);
    ask(port, 1, { kind: "end", reason: "Connected." });
    expect(desk.size).toBe(0);
  });

  test.each([
    ["no grant", { ...ADMINISTRATOR, grants: ["view"] }, "site", "forbidden", 0],
    ["a grant for another machine", { ...ADMINISTRATOR, sourcePaths: new Set(["desk/DP-1"]) }, "site", "forbidden", 0],
    ["an agent that is not there", ADMINISTRATOR, "gone", "unknown-agent", 2000],
  ] as const)("refuses %s", (_what, access, name, code, retryAfterMs) => {
    const { port, told } = viewer(1, access as Access);
    ask(port, 1, request(), name);
    expect(told[0]?.signal).toMatchObject({ kind: "refused", code, retryAfterMs });
    expect(site.commands).toEqual([]);
  });

  test("tells a viewer, and everybody, when to try again at the limits", () => {
    const first = viewer(1);
    for (let tube = 1; tube <= MAX_ATTEMPTS_PER_VIEWER + 1; tube += 1) ask(first.port, tube);
    expect(first.told).toEqual([
      expect.objectContaining({
        tube: MAX_ATTEMPTS_PER_VIEWER + 1,
        signal: expect.objectContaining({ code: "busy", retryAfterMs: 5000 }),
      }),
    ]);
    for (let id = 2; desk.size < MAX_TUBE_ATTEMPTS; id += 1) ask(viewer(id).port, 1);
    const late = viewer(1000);
    ask(late.port, 1);
    expect(late.told[0]?.signal).toMatchObject({ kind: "refused", code: "busy", retryAfterMs: 5000 });
    desk.viewerEnded(first.port);
    ask(late.port, 2);
    expect(late.told).toHaveLength(1);
  });

  test("ends attempts that take too long, and those whose other end leaves", () => {
    const one = viewer(1);
    ask(one.port, 1);
    vi.advanceTimersByTime(60_000);
    expect(one.told.at(-1)?.signal.kind).toBe("end");
    expect(site.commands.at(-1)?.signal.kind).toBe("end");
    ask(one.port, 2);
    desk.agentEnded(site.port);
    expect(one.told.at(-1)).toMatchObject({ tube: 2, signal: { kind: "end", reason: "The agent has gone." } });
    expect(desk.size).toBe(0);
  });

  test("lets an agent speak only about its own attempts, and a viewer use a number once", () => {
    const { port, told } = viewer(1);
    ask(port, 1);
    desk.fromAgent(agent("site").port, { type: "tube", viewer: 1, tube: 1, signal: { kind: "accepted" } });
    expect(told).toEqual([]);
    expect(() => ask(port, 1)).toThrow("for two tubes");
  });
});
