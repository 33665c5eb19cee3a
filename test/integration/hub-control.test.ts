import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import type { AgentCommand } from "../../dist/protocol/index.js";
import { decodeInput, type Input } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { ScriptedAgent } from "../support/fake-agent.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { AGENT_TOKEN, makeLink, startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub;
let agent: ScriptedAgent;
let source: number;
const viewers: FakeViewer[] = [];

async function start(timings = {}): Promise<void> {
  hub = await startTestHub({ timings });
  agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
  source = await agent.introduce("desk");
}

/** A viewer that watches the source and has been told who has control. */
async function connect(token = TOKEN): Promise<FakeViewer> {
  const viewer = await FakeViewer.connect(hub.url, token);
  viewers.push(viewer);
  viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
  await viewer.next("control");
  return viewer;
}

async function nextInput(): Promise<Input> {
  return decodeInput(await agent.bytes.next());
}

function nextCommand<Type extends AgentCommand["type"]>(type: Type): Promise<Extract<AgentCommand, { type: Type }>> {
  return agent.commands.next((command) => command.type === type) as Promise<Extract<AgentCommand, { type: Type }>>;
}

const idOf = (viewer: FakeViewer): number => {
  const welcome = viewer.told.all[0];
  return welcome?.type === "welcome" ? welcome.viewer : -1;
};

beforeEach(() => start());
afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await hub.close();
});

describe("control", () => {
  test("the first input takes it, and everybody hears of it", async () => {
    const [one, two] = [await connect(), await connect()];
    one.point(source, 7, 8);
    expect(await nextInput()).toMatchObject({ kind: "pointer", x: 7, y: 8, viewer: idOf(one), source });
    expect((await one.next("control")).holder).toBe("you");
    expect((await two.next("control")).holder).toBe("other");
    two.point(source);
    expect(await two.next("control")).toMatchObject({ holder: "other", reason: "Another viewer has control." });
    expect(agent.bytes.all).toHaveLength(1);
  });

  test("nobody can speak for another viewer", async () => {
    const [one, two] = [await connect(), await connect()];
    one.point(source, 1, 1, idOf(two));
    expect((await nextInput()).viewer).toBe(idOf(one));
  });

  test("it can be taken over, and what the other held is released first", async () => {
    const [one, two] = [await connect(), await connect()];
    one.key(source, true);
    await nextInput();
    two.say({ type: "control", source, take: true });
    expect((await nextCommand("release-input")).viewer).toBe(idOf(one));
    expect((await one.next("control", ({ holder }) => holder === "other")).reason).toBe("Another viewer took over.");
    two.point(source);
    expect((await nextInput()).viewer).toBe(idOf(two));
  });

  test.each([
    ["gives it up", (viewer: FakeViewer) => viewer.say({ type: "control", source, take: false })],
    ["ends its watch", (viewer: FakeViewer) => viewer.say({ type: "unwatch", watch: 1 })],
    ["disconnects", (viewer: FakeViewer) => viewer.close()],
  ])("it ends when its holder %s", async (_how, end) => {
    const [one, two] = [await connect(), await connect()];
    one.key(source, true);
    await nextInput();
    await two.next("control", ({ holder }) => holder === "other");
    end(one);
    expect((await nextCommand("release-input")).viewer).toBe(idOf(one));
    expect((await two.next("control")).holder).toBe("nobody");
  });

  test("it ends when its holder watches another source under the same number", async () => {
    const other = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    const otherSource = await other.introduce("other");
    const viewer = await connect();
    viewer.key(source, true);
    await nextInput();
    viewer.say({ type: "watch", watch: 1, source: otherSource, codecs: ["h264"] });
    expect((await nextCommand("release-input")).viewer).toBe(idOf(viewer));
  });

  test("it ends when its holder is idle", async () => {
    await hub.close();
    await start({ controlIdleMs: 200 });
    const viewer = await connect();
    viewer.point(source);
    expect((await viewer.next("control")).holder).toBe("you");
    expect(await viewer.next("control")).toMatchObject({ holder: "nobody", reason: "There was no input for a while." });
  });

  test("letting go of keys does not take it", async () => {
    const viewer = await connect();
    viewer.key(source, false);
    viewer.point(source);
    expect((await nextInput()).kind).toBe("pointer");
  });
});

describe("grants", () => {
  test("a view-only viewer can neither point, type, write text, take control nor use the clipboard", async () => {
    const guest = await connect(await makeLink(hub, ["view"]));
    guest.point(source);
    expect((await guest.next("control")).holder).toBe("nobody");
    guest.key(source, true);
    guest.say({ type: "text", source, sequence: 9, text: "rm -rf" });
    guest.say({ type: "control", source, take: true });
    expect((await guest.next("control")).holder).toBe("nobody");
    guest.say({ type: "clipboard", source, text: "secret" });
    expect((await guest.next("error")).code).toBe("not-granted");
    agent.say({ type: "clipboard", text: "from the machine" });
    await pause(100);
    expect(agent.bytes.all).toEqual([]);
    const types = new Set(agent.commands.all.map(({ type }) => type));
    for (const type of ["text", "clipboard"] as const) expect(types).not.toContain(type);
    expect(guest.told.all.some(({ type }) => type === "clipboard")).toBe(false);
    expect(guest.socket.readyState).toBe(guest.socket.OPEN);
  });

  test("the pointer's grant is not the keyboard's", async () => {
    const guest = await connect(await makeLink(hub, ["pointer"]));
    guest.key(source, true);
    expect((await guest.next("control")).reason).toContain("keyboard");
    guest.point(source);
    expect((await nextInput()).kind).toBe("pointer");
  });

  test("input for a source that is not being watched is ignored", async () => {
    const viewer = await connect();
    viewer.say({ type: "unwatch", watch: 1 });
    viewer.point(source);
    expect((await viewer.next("control")).reason).toContain("not being watched");
    expect(agent.bytes.all).toEqual([]);
  });

  test("text and clipboard go where they may", async () => {
    const viewer = await connect();
    viewer.say({ type: "text", source, sequence: 3, text: "é ß € 漢 😀" });
    const typed = { viewer: idOf(viewer), source, sequence: 3, text: "é ß € 漢 😀" };
    expect(await nextCommand("text")).toEqual({ type: "text", ...typed });
    viewer.say({ type: "clipboard", source, text: "to the machine" });
    expect((await nextCommand("clipboard")).text).toBe("to the machine");
    agent.say({ type: "clipboard", text: "from the machine" });
    expect(await viewer.next("clipboard")).toEqual({ type: "clipboard", source, text: "from the machine" });
  });
});

test("the hub answers a viewer's ping with both clocks", async () => {
  const viewer = await connect();
  viewer.say({ type: "ping", timeUs: 123.5 });
  const { timeUs, hubUs } = await viewer.next("pong");
  expect(timeUs).toBe(123.5);
  expect(hubUs).toBeGreaterThan(0);
});
