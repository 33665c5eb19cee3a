import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { encodeAck, encodeCursor, encodeInput, PROTOCOL_VERSION } from "../../dist/protocol/index.js";
import { FAKE_SOURCE, fakePicture, ScriptedAgent } from "../support/fake-agent.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { AGENT_TOKEN, startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub;
let agent: ScriptedAgent;
let source: number;
let witness: FakeViewer;
let rung: number;

beforeAll(async () => {
  hub = await startTestHub();
  agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
  source = await agent.introduce("desk");
  witness = await FakeViewer.connect(hub.url, TOKEN);
  witness.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
  rung = await agent.openRung();
});
afterAll(async () => {
  witness.close();
  await hub.close();
});

let sequence = 0;

/** Pictures still flow from the good agent to the good viewer. */
async function othersAreFine(): Promise<void> {
  sequence += 1;
  const expected = sequence;
  agent.picture(rung, sequence, { keyframe: sequence === 1 });
  await witness.pictures.next((picture) => picture.sequence === expected);
}

const pointer = (fields: object = {}): Uint8Array =>
  encodeInput({ kind: "pointer", relative: false, buttons: 0, x: 1, y: 1, viewer: 0, sequence: 1, source, ...fields });
const ack = (fields: object): Uint8Array =>
  encodeAck({ stage: "accepted", rung, sequence: 1, decodeUs: 0, drawUs: 0, ...fields });
const json = (message: object) => (): string => JSON.stringify(message);
const watch = { type: "watch", watch: 1, codecs: ["h264"] };

describe("from a viewer", () => {
  const bad: [string, () => string | Uint8Array, string][] = [
    ["text that is not JSON", () => "}{", "malformed"],
    ["JSON that is no message", () => "[1,2]", "malformed"],
    ["an unknown type", json({ type: "reboot" }), "malformed"],
    ["a field too many", json({ type: "ping", timeUs: 1, extra: true }), "malformed"],
    ["a number out of range", json({ type: "unwatch", watch: -1 }), "malformed"],
    ["a second hello", json({ type: "hello", protocol: PROTOCOL_VERSION, client: "x" }), "wrong-state"],
    ["an unknown source to watch", json({ ...watch, source: 999 }), "wrong-state"],
    ["an unknown source to control", json({ type: "control", source: 999, take: true }), "wrong-state"],
    ["an unknown source to type into", json({ type: "text", source: 999, sequence: 1, text: "x" }), "wrong-state"],
    ["an unknown source's clipboard", json({ type: "clipboard", source: 999, text: "x" }), "wrong-state"],
    ["a keyframe of an unknown rung", json({ type: "keyframe", rung: 999 }), "wrong-state"],
    ["an empty binary message", () => new Uint8Array(0), "truncated"],
    ["an unknown binary type", () => new Uint8Array([0x7f, 1, 2]), "unknown-type"],
    ["a picture", () => fakePicture(1, 1), "unknown-type"],
    ["a truncated ack", () => ack({}).subarray(0, 11), "truncated"],
    ["an ack that is too long", () => Buffer.concat([ack({}), Buffer.alloc(4)]), "malformed"],
    ["an ack for an unknown rung", () => ack({ rung: 999 }), "wrong-state"],
    ["a truncated input", () => pointer().subarray(0, 20), "malformed"],
    ["unknown buttons", () => pointer({ buttons: 0xff }), "malformed"],
    ["input for an unknown source", () => pointer({ source: 999 }), "wrong-state"],
    ["a binary message over its limit", () => Buffer.alloc(1025, 0x20), "too-large"],
    [
      "a text over its limit",
      () => JSON.stringify({ type: "clipboard", source: 1, text: "x".repeat(200_000) }),
      "malformed",
    ],
  ];

  test.each(bad)("%s ends only that viewer's link", async (_name, message, code) => {
    const viewer = await FakeViewer.connect(hub.url, TOKEN);
    viewer.socket.send(message());
    const close = await viewer.closed;
    expect(close.code).toBe(4000);
    expect(close.reason).toMatch(new RegExp(`^${code}: `));
    await othersAreFine();
  });

  test("a message over every limit ends the link before it is read", async () => {
    const viewer = await FakeViewer.connect(hub.url, TOKEN);
    viewer.socket.send("x".repeat((1 << 20) + 1));
    expect((await viewer.closed).code).toBe(1009);
    await othersAreFine();
  });

  test("an ack for a picture that has never been", async () => {
    const viewer = await FakeViewer.connect(hub.url, TOKEN);
    viewer.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    await viewer.next("watching");
    viewer.socket.send(ack({ sequence: 5000 }));
    expect((await viewer.closed).reason).toMatch(/^wrong-state: Picture 5000/);
    await othersAreFine();
  });

  test("anything before the hello, and another version", async () => {
    const early = await FakeViewer.connect(hub.url, TOKEN, { hello: false });
    early.say({ type: "ping", timeUs: 1 });
    expect((await early.closed).reason).toMatch(/^wrong-state/);
    const binary = await FakeViewer.connect(hub.url, TOKEN, { hello: false });
    binary.socket.send(pointer());
    expect((await binary.closed).reason).toMatch(/^wrong-state/);
    const other = await FakeViewer.connect(hub.url, TOKEN, { hello: false });
    other.say({ type: "hello", protocol: 99, client: "x" });
    expect((await other.closed).code).toBe(4002);
    await othersAreFine();
  });

  test("a link that says nothing ends", async () => {
    const quick = await startTestHub({ timings: { helloMs: 100 } });
    const viewer = await FakeViewer.connect(quick.url, TOKEN, { hello: false });
    expect((await viewer.closed).reason).toContain("No hello");
    await quick.close();
  });
});

describe("from an agent", () => {
  const sources = (list: object[]): (() => string) => json({ type: "sources", sources: list });
  const properties = { codecString: "avc1.42e033", width: 1, height: 1, encoder: "x", encoderReason: "" };
  const cursor = { visible: true, width: 1, height: 1, hotspotX: 0, hotspotY: 0, rgba: new Uint8Array(4) };
  const bad: [string, () => string | Uint8Array, string][] = [
    ["text that is not JSON", () => "}{", "malformed"],
    ["an unknown type", json({ type: "reboot" }), "malformed"],
    ["a source without a size", sources([{ ...FAKE_SOURCE, width: 0 }]), "malformed"],
    ["two sources with one key", sources([FAKE_SOURCE, FAKE_SOURCE]), "malformed"],
    [
      "too many sources",
      sources(Array.from({ length: 65 }, (_, key) => ({ ...FAKE_SOURCE, key: `${key}` }))),
      "malformed",
    ],
    ["a second hello", json({ type: "hello", protocol: PROTOCOL_VERSION, name: "bad", version: "" }), "wrong-state"],
    ["a rung that was never asked for", json({ type: "rung", rung: 999, codec: "h264", ...properties }), "wrong-state"],
    ["another agent's rung", () => JSON.stringify({ type: "rung-failed", rung, reason: "" }), "wrong-state"],
    ["a picture for another agent's rung", () => fakePicture(rung, 1), "wrong-state"],
    ["a picture for an unknown rung", () => fakePicture(999, 1), "wrong-state"],
    ["a truncated picture", () => fakePicture(rung, 1).subarray(0, 40), "truncated"],
    ["another agent's cursor", () => encodeCursor({ ...cursor, source }), "wrong-state"],
    ["a truncated cursor", () => encodeCursor({ ...cursor, source }).subarray(0, 18), "malformed"],
    ["an input message", () => pointer(), "unknown-type"],
    ["an empty binary message", () => new Uint8Array(0), "truncated"],
  ];

  test.each(bad)("%s ends only that agent's link", async (_name, message, code) => {
    const other = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    await other.introduce("bad");
    other.link.send(message());
    expect(await other.closed).toMatchObject({ code: 4000, reason: expect.stringMatching(new RegExp(`^${code}: `)) });
    await othersAreFine();
  });

  test.each([
    ["a picture out of order", (number: number) => fakePicture(number, 5)],
    ["a picture that is none", (number: number) => fakePicture(number, 2).subarray(0, 64)],
    ["a JPEG on an H.264 rung", (number: number) => Buffer.from(fakePicture(number, 2)).fill(2, 0, 1)],
    ["tiles that are none", (number: number) => Buffer.from(fakePicture(number, 2)).fill(3, 0, 1)],
  ])("%s ends the link, and its viewer hears why", async (_name, picture) => {
    const other = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    const otherSource = await other.introduce("bad");
    const viewer = await FakeViewer.connect(hub.url, TOKEN);
    viewer.say({ type: "watch", watch: 1, source: otherSource, codecs: ["h264"] });
    const otherRung = await other.openRung();
    other.picture(otherRung, 1, { keyframe: true });
    await viewer.pictures.next();
    other.link.send(picture(otherRung));
    expect((await other.closed).code).toBe(4000);
    expect((await viewer.next("interrupted")).reason).toContain("The connection to the agent ended");
    expect(viewer.pictures.all).toHaveLength(1);
    viewer.close();
    await othersAreFine();
  });

  test("a name that is no name, an early message, and another version", async () => {
    const slash = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    slash.say({ type: "hello", protocol: PROTOCOL_VERSION, name: "a/b", version: "" });
    expect((await slash.closed).reason).toMatch(/^malformed/);
    const early = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    early.say({ type: "sources", sources: [] });
    expect((await early.closed).reason).toMatch(/^wrong-state/);
    const old = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    old.say({ type: "hello", protocol: 0, name: "old", version: "" });
    await old.commands.next((command) => command.type === "refused");
    expect((await old.closed).code).toBe(4002);
    await othersAreFine();
  });
});
