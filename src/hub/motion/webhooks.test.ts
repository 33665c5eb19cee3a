import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { Registry } from "prom-client";
import { afterEach, expect, it } from "vitest";
import type { MotionEvent } from "../../protocol/index.ts";
import { EventCounters } from "./event-counters.ts";
import type { EventNews } from "./event-news.ts";
import { topicPart } from "./mqtt-publisher.ts";
import { MAX_ATTEMPTS, MAX_WAITING, signatureOf, Webhooks } from "./webhooks.ts";

type Request = { readonly headers: IncomingMessage["headers"]; readonly body: string };

const EVENT: MotionEvent = {
  id: 1,
  source: "yard/camera",
  startedAtMs: 1,
  endedAtMs: null,
  peak: 0.5,
  box: { x: 0, y: 0, width: 1, height: 1 },
  zones: [],
  snapshot: false,
};
const news = (id: number): EventNews => ({
  type: "motion",
  phase: "start",
  hub: "hub",
  event: { ...EVENT, id },
  snapshot: null,
});
const QUICK = { timeoutMs: 2000, retryBaseMs: 5, retryCapMs: 10 };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A receiver that answers with these statuses in turn, then with the last one again and again; 0 hangs up. */
async function receiver(...statuses: number[]) {
  const requests: Request[] = [];
  let waiting: () => void = () => {};
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += String(data)));
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      const status = statuses[Math.min(requests.length, statuses.length) - 1] as number;
      if (status === 0) response.destroy();
      else response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
      waiting();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const until = async (count: number): Promise<void> => {
    while (requests.length < count) await new Promise<void>((resolve) => (waiting = resolve));
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, until };
}

function open(urls: string[], secret?: string) {
  const registry = new Registry();
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const hooks = new Webhooks({ urls, secret, timings: QUICK }, { log, counters: new EventCounters(registry) });
  closers.push(() => hooks.close());
  const count = async (result: string): Promise<number> => {
    const metric = await registry.getSingleMetric("sightline_event_news_total")?.get();
    return metric?.values.find(({ labels }) => labels.result === result)?.value ?? 0;
  };
  const untilCounted = async (result: string, least: number): Promise<void> => {
    while ((await count(result)) < least) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { hooks, lines, count, untilCounted };
}

it("delivers in order, again after failures, with the same number and a signature that fits", async () => {
  const { host, requests, until } = await receiver(503, 0, 200);
  const { hooks, count, untilCounted } = open([`http://user:pass%20word@${host}/hook?key=1`], "the secret");
  hooks.tell(news(1));
  hooks.tell(news(2));
  await until(4);
  await untilCounted("delivered", 2);
  expect(requests.map(({ body }) => (JSON.parse(body) as EventNews).event.id)).toEqual([1, 1, 1, 2]);
  expect(new Set(requests.slice(0, 3).map(({ headers }) => headers["x-sightline-delivery"])).size).toBe(1);
  expect(requests[3]?.headers["x-sightline-delivery"]).not.toBe(requests[0]?.headers["x-sightline-delivery"]);
  for (const { headers, body } of requests) {
    const expected = signatureOf("the secret", headers["x-sightline-timestamp"] as string, body);
    expect(headers["x-sightline-signature"]).toBe(expected);
    expect(headers.authorization).toBe(`Basic ${Buffer.from("user:pass word").toString("base64")}`);
  }
  expect(signatureOf("key", "1", "{}")).toBe("sha256=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224");
  expect(await count("retried")).toBe(2);
});

it("gives up what is refused for good, does not follow elsewhere, and logs no secrets", async () => {
  const refusing = await receiver(401);
  const moved = await receiver(302);
  const { hooks, lines, count, untilCounted } = open(
    [`http://user:topsecret@${refusing.host}/secret-path`, `http://${moved.host}/`],
    "signing-key",
  );
  hooks.tell(news(1));
  await untilCounted("failed", 2);
  expect([refusing.requests.length, moved.requests.length]).toEqual([1, 1]);
  expect(await count("retried")).toBe(0);
  expect(lines.join()).toContain(refusing.host);
  for (const secret of ["topsecret", "secret-path", "signing-key"]) expect(lines.join()).not.toContain(secret);
});

it("gives up after its last attempt, and one receiver that is down holds up no other", async () => {
  const down = await receiver(500);
  const { host, requests } = await receiver(200);
  const { hooks, untilCounted } = open([`http://${down.host}/`, `http://${host}/`]);
  for (let id = 1; id <= 3; id += 1) hooks.tell(news(id));
  await untilCounted("delivered", 3);
  await untilCounted("failed", 1);
  expect(requests.length).toBe(3);
  expect(down.requests.length).toBeGreaterThanOrEqual(MAX_ATTEMPTS);
});

it("drops the oldest that wait, and counts them", async () => {
  const { host, requests, until } = await receiver(200);
  const { hooks, count } = open([`http://${host}/`]);
  for (let id = 1; id <= MAX_WAITING + 11; id += 1) hooks.tell(news(id));
  expect(await count("dropped")).toBe(10);
  await until(MAX_WAITING + 1);
  expect(requests.map(({ body }) => (JSON.parse(body) as EventNews).event.id).slice(0, 2)).toEqual([1, 12]);
});

it("stops when it is closed", async () => {
  const { host, requests, until } = await receiver(503);
  const { hooks } = open([`http://${host}/`]);
  hooks.tell(news(1));
  await until(1);
  hooks.close();
  hooks.tell(news(2));
  const before = requests.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(requests.length).toBeLessThanOrEqual(before + 1);
});

it("takes http and https only", () => {
  expect(() => open(["file:///etc/passwd"])).toThrow(TypeError);
});

it("makes topics of any path", () => {
  expect(topicPart("a+b/c#d")).toBe("a_b/c_d");
});
