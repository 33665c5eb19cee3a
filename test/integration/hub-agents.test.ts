import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { monotonicUs } from "../../dist/node/index.js";
import { parseAgentCommand } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { localFakeAgent, ScriptedAgent } from "../support/fake-agent.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { AGENT_TOKEN, startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub | undefined;
const viewers: FakeViewer[] = [];

const FAKE_PERFORMANCE = {
  ...{ backend: "fake", encoder: "fake", encoderReason: "a test", width: 640, height: 360, fps: 30, bitrateBps: 9 },
  ...{ waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, deferred: 0, failed: 0 },
};

async function connect(url: string): Promise<FakeViewer> {
  const viewer = await FakeViewer.connect(url, TOKEN);
  viewers.push(viewer);
  return viewer;
}

afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await hub?.close();
  hub = undefined;
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The processes of a process group, by its leader's id. */
function groupOf(leader: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
        return Number(fields?.[2]) === leader;
      } catch {
        return false;
      }
    });
}

describe("a local agent", () => {
  test("delivers over its pipe", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk", "--size", "300000")] });
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("desk/DP-1");
    await viewer.watch(source);
    await viewer.pictures.next((picture) => picture.sequence >= 20);
    const sequences = viewer.pictures.all.map(({ sequence }) => sequence);
    // In order and none twice; a viewer that is slow for a moment may miss one.
    expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
    viewer.point(source, 3, 4);
    expect(await viewer.reported("input")).toMatchObject({ kind: "pointer", x: 3, y: 4 });
  });

  test("that was killed comes back with the same source, and its viewers go on", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk")] });
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("desk/DP-1");
    const rung = await viewer.watch(source);
    const [pid] = hub.agentPids();
    process.kill(pid as number, "SIGKILL");
    expect((await viewer.next("interrupted")).watch).toBe(1);
    expect(await viewer.sourceId("desk/DP-1", "lost")).toBe(source);
    const lost = viewer.told.all.findLast((message) => message.type === "sources");
    expect(lost?.sources[0]?.detail).not.toBe("");
    const watching = await viewer.next("watching");
    expect(watching).toMatchObject({ watch: 1, source });
    expect(watching.rung).toBeGreaterThan(rung);
    await viewer.pictures.next((picture) => picture.rung === watching.rung);
    expect(hub.agentPids()).not.toContain(pid);
    expect(hub.sources()).toMatchObject([{ id: source, state: "live", detail: "" }]);
  });

  test("that fails at its start is tried again, and its last words are told", async () => {
    const log: string[] = [];
    const { default: pino } = await import("pino");
    const localAgents = [localFakeAgent("desk", "--broken")];
    hub = await startTestHub({ localAgents, log: pino({ level: "error" }, { write: (line) => void log.push(line) }) });
    while (log.length < 3) await pause(20);
    expect(log[0]).toContain("ended with exit code 3: there is no display");
    expect(hub.sources()).toEqual([]);
  });

  test("that breaks the protocol is started anew", async () => {
    const babble = "require('node:fs').writeSync(3, 'this is no message'); setInterval(() => {}, 1000)";
    const agent = { name: "desk", command: process.execPath, args: ["-e", babble], env: {} };
    hub = await startTestHub({ localAgents: [agent] });
    const [first] = hub.agentPids();
    while (hub.agentPids().length === 0 || hub.agentPids()[0] === first) await pause(20);
    expect(isAlive(first as number)).toBe(false);
  });

  test("that hangs is started anew", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk")], timings: { clockPingMs: 100 } });
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("desk/DP-1");
    const [pid] = hub.agentPids();
    process.kill(pid as number, "SIGSTOP");
    await viewer.sourceId("desk/DP-1", "lost");
    expect(await viewer.sourceId("desk/DP-1")).toBe(source);
    expect(isAlive(pid as number)).toBe(false);
  });

  test("that does not exist is an error in the log, not the end of the hub", async () => {
    const agent = { name: "desk", command: "/nonexistent/program", args: [], env: {} };
    hub = await startTestHub({ localAgents: [agent] });
    await pause(50);
    expect(hub.agentPids()).toEqual([]);
    expect((await fetch(`${hub.url}/api/health`)).status).toBe(200);
  });
});

describe("close", () => {
  test("leaves no process, not even one that ignores SIGTERM, and tells the viewers", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk", "--stubborn"), localFakeAgent("other")] });
    const viewer = await connect(hub.url);
    await viewer.watch(await viewer.sourceId("desk/DP-1"));
    const groups = hub.agentPids().map(groupOf);
    expect(groups.flat().length).toBeGreaterThanOrEqual(3);
    const closing = hub.close();
    expect(hub.close()).toBe(closing);
    await closing;
    await pause(50);
    expect(groups.flat().filter(isAlive)).toEqual([]);
    expect((await viewer.closed).code).toBe(1001);
    await expect(fetch(`${hub.url}/api/health`)).rejects.toThrow();
  });

  test("leaves no timer or socket behind that would keep the program alive", async () => {
    const before = activeResources();
    hub = await startTestHub({ localAgents: [localFakeAgent("desk")] });
    const agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    await agent.introduce("remote");
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("desk/DP-1");
    await viewer.watch(source);
    viewer.point(source);
    viewer.say({ type: "unwatch", watch: 1 });
    await hub.close();
    await Promise.all([viewer.closed, agent.closed]);
    await expect.poll(activeResources).toEqual(before);
  });
});

describe("a remote agent", () => {
  test("does what a local one does", async () => {
    hub = await startTestHub();
    const hubUrl = hub.url.replace("http", "ws");
    const { spawn } = await import("node:child_process");
    const local = localFakeAgent("far");
    const args = [local.args[0] as string, "--name", "far", "--hub", `${hubUrl}/api/agent`, "--token", AGENT_TOKEN];
    const program = spawn(local.command, args, { stdio: "inherit" });
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("far/DP-1");
    await viewer.watch(source);
    await viewer.pictures.next((picture) => picture.sequence >= 20);
    viewer.key(source, true);
    expect(await viewer.reported("input")).toMatchObject({ kind: "key", usage: 4 });
    const ended = new Promise((resolve) => program.once("exit", resolve));
    program.kill("SIGKILL");
    await ended;
    expect(await viewer.sourceId("far/DP-1", "lost")).toBe(source);
  });

  test("replaces itself when it connects again, and keeps its source", async () => {
    hub = await startTestHub();
    const viewer = await connect(hub.url);
    const first = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    const source = await first.introduce("far");
    viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    const rung = await first.openRung();
    first.picture(rung, 1, { keyframe: true });
    const second = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    expect(await second.introduce("far")).toBe(source);
    expect((await first.closed).code).toBe(4004);
    const reopened = await second.openRung();
    second.picture(reopened, 1, { keyframe: true });
    await viewer.pictures.next((picture) => picture.rung === reopened);
    expect(hub.sources()).toMatchObject([{ id: source, state: "live" }]);
  });

  test("cannot take the name of a local agent, present or not", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk", "--broken")] });
    const impostor = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    impostor.say({ type: "hello", protocol: 1, name: "desk", version: "" });
    const refused = await impostor.commands.next((command) => command.type === "refused");
    expect(refused).toMatchObject({ reason: expect.stringContaining("belongs to another agent") });
    expect((await impostor.closed).code).toBe(4001);
  });

  test("that unplugs a screen loses that source only, and gets it back under its number", async () => {
    hub = await startTestHub();
    const agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    const source = await agent.introduce("far");
    const viewer = await connect(hub.url);
    viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    await agent.openRung();
    agent.say({ type: "sources", sources: [] });
    expect((await viewer.next("interrupted")).reason).toContain("disconnected");
    const { FAKE_SOURCE } = await import("../support/fake-agent.ts");
    agent.say({ type: "sources", sources: [FAKE_SOURCE] });
    await agent.openRung();
    expect((await viewer.next("watching")).source).toBe(source);
  });

  test("has its clock compared with the hub's", async () => {
    hub = await startTestHub({ localAgents: [localFakeAgent("desk")] });
    const viewer = await connect(hub.url);
    const source = await viewer.sourceId("desk/DP-1");
    await pause(200);
    viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    // Both use the machine's monotonic clock, so the offset is an error of measurement, far below uptime.
    expect(Math.abs((await viewer.next("watching")).agentClockOffsetUs)).toBeLessThan(1_000_000);
  });

  test("is followed when its clock jumps, and its pictures go on", async () => {
    hub = await startTestHub({ timings: { clockPingMs: 50 } });
    const agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    let aheadUs = 0;
    agent.link.onMessage((message) => {
      const command = typeof message === "string" ? parseAgentCommand(message) : undefined;
      if (command?.type !== "ping") return;
      agent.say({ type: "pong", timeUs: command.timeUs, agentUs: monotonicUs() + aheadUs });
    });
    const source = await agent.introduce("desk");
    const viewer = await connect(hub.url);
    viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    const rung = await agent.openRung();
    await viewer.next("watching");
    agent.picture(rung, 1, { keyframe: true });
    await viewer.pictures.next();
    let sequence = 1;
    for (const jumpUs of [3_600_000_000, -7_200_000_000, 0]) {
      aheadUs = jumpUs;
      await pause(200);
      sequence += 1;
      agent.picture(rung, sequence);
      expect((await viewer.pictures.next()).sequence).toBe(sequence);
      agent.say({ type: "performance", rung, performance: FAKE_PERFORMANCE });
      const told = await viewer.next("performance");
      expect(Math.abs(told.agentClockOffsetUs - jumpUs)).toBeLessThan(100_000);
    }
  });
});

function activeResources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => ["Timeout", "TCPServerWrap", "ProcessWrap"].includes(name));
}
