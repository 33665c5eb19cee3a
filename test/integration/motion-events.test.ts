import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { connectWebSocketLink, type Link, monotonicUs } from "../../dist/node/index.js";
import {
  type AgentCommand,
  cameraSchema,
  type HubEvent,
  type MotionEvent,
  PROTOCOL_VERSION,
  parseAgentCommand,
  parseHubEvent,
} from "../../dist/protocol/index.js";
import { FAKE_SOURCE } from "../support/fake-agent.ts";
import { Inbox } from "../support/inbox.ts";
import { makeLink, startTestHub, TOKEN } from "../support/test-hub.ts";

const CAMERAS = ["yard", "door"].map((id) => ({
  camera: cameraSchema.parse({ id, name: id, source: { kind: "browser" } }),
  credentials: undefined,
}));
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 1, 2, 3, 0xff, 0xd9]);
const BOX = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };

let state: string;
let hub: Hub;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "sightline-motion-"));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await hub.close();
  await rm(state, { recursive: true, force: true });
});

async function start(events: NonNullable<HubOptions["events"]> = {}): Promise<void> {
  hub = await startTestHub({ stateFolder: state, cameras: CAMERAS, cameraSpares: 0, events });
}

/** A page that publishes its camera, and tells of movements as the test says. */
class ScriptedCamera {
  readonly #link: Link;
  readonly #commands = new Inbox<AgentCommand>();

  private constructor(link: Link) {
    this.#link = link;
    link.onMessage((message) => {
      if (typeof message !== "string") return;
      const command = parseAgentCommand(message);
      if (command.type === "ping") {
        this.say({ type: "pong", timeUs: command.timeUs, agentUs: this.nowUs() });
      }
      this.#commands.put(command);
    });
  }

  static async publish(id: string): Promise<ScriptedCamera> {
    const url = `${hub.url.replace(/^http/, "ws")}/api/cameras/${id}/publish`;
    const camera = new ScriptedCamera(await connectWebSocketLink(url, { bearerToken: TOKEN }));
    camera.say({ type: "hello", protocol: PROTOCOL_VERSION, name: id, version: "test" });
    await camera.#commands.next((command) => command.type === "camera");
    const source = { ...FAKE_SOURCE, key: "camera", kind: "camera", input: false, clipboard: false };
    camera.say({ type: "sources", sources: [source] });
    await camera.#commands.next((command) => command.type === "numbered");
    // The hub knows the camera's clock when it has heard of it twice.
    for (let pings = 0; pings < 2; pings += 1) await camera.#commands.next((command) => command.type === "ping");
    return camera;
  }

  /** Its clock is an hour ahead of the hub's. */
  nowUs(): number {
    return monotonicUs() + 3_600_000_000;
  }

  say(message: object): void {
    this.#link.send(JSON.stringify(message));
  }

  move(phase: "start" | "update" | "end", more: object = {}): void {
    this.say({
      type: "motion",
      motion: { event: 1, phase, atUs: this.nowUs(), peak: 0.25, box: BOX, zones: ["gate"], ...more },
    });
  }

  leave(): void {
    this.#link.close(1000, "");
  }
}

/** What the page hears of movements. */
async function listen(): Promise<Inbox<MotionEvent>> {
  const socket = new WebSocket(`${hub.url.replace(/^http/, "ws")}/api/events`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const events = new Inbox<MotionEvent>();
  socket.on("message", (data) => {
    const event: HubEvent = parseHubEvent(String(data));
    if (event.type === "motion") events.put(event.event);
  });
  await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
  closers.push(() => socket.terminate());
  return events;
}

async function call(path: string, { token = TOKEN, method = "GET" } = {}) {
  const response = await fetch(`${hub.url}/api/events${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json")
    ? (JSON.parse(bytes.toString()) as { events?: MotionEvent[] } & MotionEvent)
    : undefined;
  return { status: response.status, type, bytes, body };
}

describe("events", () => {
  it("are kept with their pictures and times of day, told to pages, and survive the hub", async () => {
    await start();
    const told = await listen();
    const camera = await ScriptedCamera.publish("yard");
    const beforeMs = Date.now();
    camera.move("start");
    expect(await told.next()).toMatchObject({ source: "yard/camera", endedAtMs: null, snapshot: false });
    camera.move("update", { peak: 0.5, snapshot: JPEG.toString("base64") });
    camera.move("end", { peak: 0.5 });
    const ended = await told.next(({ endedAtMs }) => endedAtMs !== null);
    expect(ended).toMatchObject({ id: 1, peak: 0.5, box: BOX, zones: ["gate"], snapshot: true });
    expect(Math.abs(ended.startedAtMs - beforeMs)).toBeLessThan(60_000);
    expect((await call("")).body).toEqual({ events: [ended] });
    camera.move("start", { event: 2 });
    await told.next(({ id }) => id === 2);
    await hub.close();
    await start();
    expect((await call("/1")).body).toEqual(ended);
    expect((await call("/2")).body?.endedAtMs).not.toBeNull();
    const picture = await call("/1/snapshot.jpg");
    expect([picture.status, picture.type, picture.bytes]).toEqual([200, "image/jpeg", JPEG]);
    expect((await call("/2/snapshot.jpg")).status).toBe(404);
    expect((await call("/1", { method: "DELETE" })).status).toBe(200);
    expect((await call("/1")).status).toBe(404);
    expect((await call("/1/snapshot.jpg")).status).toBe(404);
  });

  it("end when their camera goes", async () => {
    await start();
    const told = await listen();
    const camera = await ScriptedCamera.publish("yard");
    camera.move("start");
    await told.next();
    camera.leave();
    expect((await told.next()).endedAtMs).not.toBeNull();
  });

  it("are seen by whoever may see their source, and deleted by the administrator only", async () => {
    await start();
    const told = await listen();
    for (const id of ["yard", "door"]) (await ScriptedCamera.publish(id)).move("start");
    await told.next(({ id }) => id === 2);
    const events = (await call("")).body?.events as MotionEvent[];
    const door = events.find(({ source }) => source === "door/camera") as MotionEvent;
    const yard = events.find(({ source }) => source === "yard/camera") as MotionEvent;
    const token = await makeLink(hub, ["view"], ["door/camera"]);
    expect((await call("", { token })).body?.events).toEqual([door]);
    expect((await call("?source=yard/camera", { token })).body?.events).toEqual([]);
    // Every link may view its sources, whatever else it may; one without sources sees nothing.
    const bare = await makeLink(hub, [], ["door/camera"]);
    expect((await call("", { token: bare })).body?.events).toEqual([door]);
    expect((await call(`/${yard.id}/snapshot.jpg`, { token: bare })).status).toBe(404);
    const blind = await makeLink(hub, ["view"], []);
    expect((await call("", { token: blind })).body?.events).toEqual([]);
    expect((await call(`/${door.id}`, { token: blind })).status).toBe(404);
    expect((await call("?source=yard/camera")).body?.events).toEqual([yard]);
    expect((await call(`/${yard.id}`, { token })).status).toBe(404);
    expect((await call(`/${door.id}`, { token })).status).toBe(200);
    expect((await call(`/${door.id}`, { token, method: "DELETE" })).status).toBe(403);
    expect((await call("", { token: "nobody-has-this-token" })).status).toBe(401);
  });

  it("are paged and chosen by time, and wrong questions are refused", async () => {
    await start();
    const told = await listen();
    const camera = await ScriptedCamera.publish("yard");
    for (let event = 1; event <= 5; event += 1) {
      camera.move("start", { event });
      camera.move("end", { event });
    }
    await told.next(({ id, endedAtMs }) => id === 5 && endedAtMs !== null);
    const ids = async (query: string): Promise<number[]> =>
      ((await call(query)).body?.events ?? []).map(({ id }) => id);
    expect(await ids("?limit=2")).toEqual([5, 4]);
    expect(await ids("?limit=2&before=4")).toEqual([3, 2]);
    expect(await ids(`?from=${Date.now() + 60_000}`)).toEqual([]);
    expect(await ids(`?to=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([5, 4, 3, 2, 1]);
    for (const wrong of ["?limit=0", "?from=yesterday", "?before=-1", "?nothing=1"]) {
      expect((await call(wrong)).status).toBe(400);
    }
    expect((await call("/0x1")).status).toBe(404);
  });

  it("beyond what is kept go, the oldest first", async () => {
    await start({ maxEvents: 2, maxSnapshotBytes: JPEG.length });
    const told = await listen();
    const camera = await ScriptedCamera.publish("yard");
    for (let event = 1; event <= 4; event += 1) {
      camera.move("start", { event });
      camera.move("end", { event, snapshot: JPEG.toString("base64") });
    }
    await told.next(({ id, endedAtMs }) => id === 4 && endedAtMs !== null);
    const kept = (await call("")).body?.events as MotionEvent[];
    expect(kept.map(({ id, snapshot }) => [id, snapshot])).toEqual([
      [4, true],
      [3, false],
    ]);
  });
});

/** A receiver that is down for two requests. */
async function startReceiver(): Promise<{ url: string; bodies: Inbox<{ phase: string; event: MotionEvent }> }> {
  const bodies = new Inbox<{ phase: string; event: MotionEvent }>();
  let requests = 0;
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (data) => (text += String(data)));
    request.on("end", () => {
      requests += 1;
      response.writeHead(requests <= 2 ? 503 : 204).end();
      if (requests > 2) bodies.put(JSON.parse(text) as { phase: string; event: MotionEvent });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}

it("tells a webhook that failed twice, in order", async () => {
  const { url, bodies } = await startReceiver();
  const timings = { timeoutMs: 2000, retryBaseMs: 20, retryCapMs: 40 };
  await start({ webhooks: { urls: [url], secret: "secret", timings } });
  const camera = await ScriptedCamera.publish("yard");
  camera.move("start");
  camera.move("update", { peak: 0.9 });
  camera.move("end", { snapshot: JPEG.toString("base64") });
  expect(await bodies.next()).toMatchObject({ type: "motion", phase: "start", hub: "test hub", snapshot: null });
  const end = await bodies.next();
  expect(end).toMatchObject({ phase: "end", snapshot: "/api/events/1/snapshot.jpg" });
  expect(end.event).toEqual((await call("/1")).body);
  const metrics = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await metrics.text();
  expect(text).toContain('sightline_event_news_total{way="webhook",result="retried"} 2');
});

type Published = { readonly topic: string; readonly text: string; readonly retain: boolean };

/** A broker on this port, or a free one. */
async function startBroker(
  port = 0,
): Promise<{ port: number; published: Inbox<Published>; stop: () => Promise<void> }> {
  const broker = await Aedes.createBroker();
  const published = new Inbox<Published>();
  broker.on("publish", ({ topic, payload, retain }, client) => {
    // What the broker says of itself has no client, and neither has a last will.
    if (client !== null || topic.startsWith("home/")) published.put({ topic, text: String(payload), retain });
  });
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  };
  return { port: (server.address() as AddressInfo).port, published, stop };
}

it("tells an MQTT broker, also what happened while the broker was away, and says goodbye", async () => {
  const first = await startBroker();
  await start({ mqtt: { url: `mqtt://127.0.0.1:${first.port}`, topicPrefix: "home" } });
  expect(await first.published.next()).toEqual({ topic: "home/availability", text: "online", retain: true });
  const told = await listen();
  const camera = await ScriptedCamera.publish("yard");
  camera.move("start");
  const begun = await first.published.next();
  expect(begun.topic).toBe("home/motion/yard/camera");
  expect(JSON.parse(begun.text)).toMatchObject({ phase: "start", event: { source: "yard/camera" } });
  expect(begun.retain).toBe(false);
  await first.stop();
  camera.move("end");
  await told.next(({ endedAtMs }) => endedAtMs !== null);
  const second = await startBroker(first.port);
  closers.push(second.stop);
  // What was under way when the broker vanished is sent again even before the hub says that it is there.
  const heard = [await second.published.next(), await second.published.next()];
  const availability = heard.find(({ topic }) => topic === "home/availability");
  const ended = heard.find(({ topic }) => topic === "home/motion/yard/camera");
  expect(availability).toMatchObject({ text: "online", retain: true });
  expect(JSON.parse(ended?.text ?? "")).toMatchObject({ phase: "end", event: { id: 1 } });
  await hub.close();
  expect(await second.published.next(({ topic }) => topic === "home/availability")).toMatchObject({ text: "offline" });
});
