import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { encodeCursor } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { localFakeAgent, ScriptedAgent } from "../support/fake-agent.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { AGENT_TOKEN, startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub;
let agent: ScriptedAgent;
let source: number;
const viewers: FakeViewer[] = [];

async function start(timings = {}): Promise<void> {
  hub = await startTestHub({ timings });
  agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
  source = await agent.introduce("desk");
}

async function connect(): Promise<FakeViewer> {
  const viewer = await FakeViewer.connect(hub.url, TOKEN);
  viewers.push(viewer);
  return viewer;
}

const watch = (
  viewer: FakeViewer,
  options: { watch?: number; codecs?: ("h264" | "jpeg")[]; maxWidth?: number } = {},
): void => viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"], ...options });
const commands = (type: string): number => agent.commands.all.filter((command) => command.type === type).length;

beforeEach(() => start());
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await hub.close();
});

describe("rungs", () => {
  test("one rung serves all viewers of a size, and closes a while after the last has left", async () => {
    await hub.close();
    await start({ rungLingerMs: 100 });
    const [one, two] = [await connect(), await connect()];
    watch(one);
    const rung = await agent.openRung();
    await one.next("watching");
    watch(two);
    expect((await two.next("watching")).rung).toBe(rung);
    agent.picture(rung, 1, { keyframe: true, bytes: 200_000 });
    const [first, second] = [await one.pictures.next(), await two.pictures.next()];
    expect({ ...first, payload: 0 }).toEqual({ ...second, payload: 0 });
    expect(Buffer.compare(first.payload, second.payload)).toBe(0);
    expect(first.hubUs).toBeGreaterThan(0);
    one.say({ type: "unwatch", watch: 1 });
    two.close();
    await agent.commands.next((command) => command.type === "close-rung");
    expect(commands("open-rung")).toBe(1);
  });

  test("a viewer that comes back in time finds the rung still open", async () => {
    const viewer = await connect();
    watch(viewer);
    const rung = await agent.openRung();
    await viewer.next("watching");
    viewer.say({ type: "unwatch", watch: 1 });
    watch(viewer, { watch: 2 });
    expect(await viewer.next("watching")).toMatchObject({ watch: 2, rung });
    expect(commands("close-rung")).toBe(0);
  });

  test("a small viewer gets a small rung of its own", async () => {
    const [large, small] = [await connect(), await connect()];
    watch(large);
    watch(small, { maxWidth: 300 });
    const [first, second] = [await agent.openRung(), await agent.openRung()];
    expect(second).not.toBe(first);
    const opened = agent.commands.all.filter((command) => command.type === "open-rung");
    expect(opened.map(({ settings }) => settings.width)).toEqual([1920, 320]);
  });

  test("where a codec fails the viewer's next one is taken, or it is told and the rung tried again", async () => {
    const [flexible, strict] = [await connect(), await connect()];
    watch(flexible, { codecs: ["h264", "jpeg"] });
    watch(strict);
    const rung = await agent.openRung();
    agent.say({ type: "rung-failed", rung, reason: "no encoder" });
    expect((await strict.next("interrupted")).reason).toBe("no encoder");
    const jpeg = await agent.openRung();
    expect((await flexible.next("watching", ({ codec }) => codec === "jpeg")).rung).toBe(jpeg);
    const again = await agent.openRung();
    expect((await strict.next("watching", (watching) => watching.rung === again)).codec).toBe("h264");
  });

  test("joining viewers share few keyframe requests", async () => {
    const first = await connect();
    watch(first);
    const rung = await agent.openRung();
    agent.picture(rung, 1, { keyframe: true });
    await first.pictures.next();
    const late = await Promise.all(Array.from({ length: 6 }, connect));
    for (const viewer of late) watch(viewer);
    await Promise.all(late.map((viewer) => viewer.next("watching")));
    await agent.commands.next((command) => command.type === "keyframe");
    expect(commands("keyframe")).toBe(1);
    agent.picture(rung, 2);
    agent.picture(rung, 3, { keyframe: true });
    for (const viewer of late) expect((await viewer.pictures.next()).sequence).toBe(3);
    for (const viewer of late) viewer.say({ type: "keyframe", rung });
    await agent.commands.next((command) => command.type === "keyframe");
    expect(commands("keyframe")).toBe(2);
  });

  test("cursor, performance and notices reach those who watch, also late ones", async () => {
    const viewer = await connect();
    const shape = { visible: true, width: 2, height: 1, hotspotX: 0, hotspotY: 0, rgba: new Uint8Array(8).fill(9) };
    agent.link.send(encodeCursor({ ...shape, source }));
    agent.say({ type: "notice", level: "warning", text: "input is not possible" });
    await pause(50);
    watch(viewer);
    expect(Buffer.from(await viewer.cursors.next())).toEqual(Buffer.from(encodeCursor({ ...shape, source })));
    expect(await viewer.next("notice")).toMatchObject({ source, text: "input is not possible" });
    const rung = await agent.openRung();
    const stages = { waitUs: 1, grabUs: 2, convertUs: 3, encodeUs: 4, deferred: 0, failed: 0 };
    const performance = { backend: "b", encoder: "e", encoderReason: "", width: 1, height: 1, fps: 30, bitrateBps: 9 };
    agent.say({ type: "performance", rung, performance: { ...performance, ...stages } });
    expect(await viewer.next("performance")).toMatchObject({ rung, viewers: 1, dropped: 0, performance: { fps: 30 } });
  });
});

describe("a viewer that stops reading", () => {
  test("keeps little memory, slows nobody, and is disconnected in the end", async () => {
    await hub.close();
    hub = await startTestHub({
      timings: { tooSlowMs: 2000, keepAliveMs: 60_000 },
      localAgents: [localFakeAgent("big", "--size", String(1 << 20))],
    });
    const [fast, stuck] = [await connect(), await connect()];
    source = await fast.sourceId("big/DP-1");
    stuck.acks = false;
    watch(fast);
    watch(stuck);
    await stuck.next("watching");
    stuck.socket.pause();
    const before = usedBytes();
    let peakBytes = 0;
    for (let count = 1; count <= 400; count += 1) {
      await fast.pictures.next();
      fast.pictures.clear();
      if (count % 10 === 0) peakBytes = Math.max(peakBytes, usedBytes() - before);
    }
    // 400 MiB went by. What is kept is a handful of pictures at the hub and each viewer, all in this process.
    expect(peakBytes).toBeLessThan(96 << 20);
    const tooSlow = 'sightline_links_closed_total{role="viewer",code="4003"} 1';
    await expect.poll(metrics, { timeout: 20_000, interval: 200 }).toContain(tooSlow);
    expect(fast.socket.readyState).toBe(fast.socket.OPEN);
    const { rungs } = (await performance()) as { rungs: { viewers: number }[] };
    expect(rungs.map(({ viewers }) => viewers).filter((count) => count > 0)).toEqual([1]);
  }, 60_000);

  test("does not make the agent wait: credits come back as the fast one gives them", async () => {
    const [fast, stuck] = [await connect(), await connect()];
    watch(fast);
    watch(stuck);
    const rung = await agent.openRung();
    await Promise.all([fast.next("watching"), stuck.next("watching")]);
    stuck.acks = false;
    for (let sequence = 1; sequence <= 12; sequence += 1) {
      agent.picture(rung, sequence, { keyframe: sequence === 1 });
      await agent.bytes.next();
    }
    await fast.pictures.next((picture) => picture.sequence === 12);
    expect(stuck.pictures.all.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });
});

test("a still screen costs no bytes but keep-alives", async () => {
  const viewer = await connect();
  watch(viewer);
  const rung = await agent.openRung();
  agent.picture(rung, 1, { keyframe: true });
  await viewer.pictures.next();
  await viewer.next("tier", ({ tier }) => tier === "ultra");
  await pause(300);
  const [told, pictures] = [viewer.told.all.length, viewer.pictures.all.length];
  await pause(1500);
  expect([viewer.told.all.length, viewer.pictures.all.length]).toEqual([told, pictures]);
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Memory outside of the JavaScript heap that is really in use. */
function usedBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

async function metrics(): Promise<string> {
  return (await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
}

async function performance(): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return (await fetch(`${hub.url}/api/performance`, { headers })).json();
}
