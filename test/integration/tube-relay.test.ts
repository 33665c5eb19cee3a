import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { TubeRelay } from "../../dist/hub/tubes/index.js";
import { pause } from "../support/events.ts";

let server: WebSocketServer;
let relay: TubeRelay;

beforeAll(async () => {
  relay = new TubeRelay();
  server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (webSocket, request) => relay.join((request.url ?? "").slice(1), webSocket));
  await new Promise((resolve) => server.once("listening", resolve));
});

afterAll(() => {
  relay.close();
  server.close();
});

function join(ticket: string): Promise<WebSocket> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}/${ticket}`);
  return new Promise((resolve) =>
    webSocket.once("open", () => {
      // Until the test listens, so that nothing is missed.
      webSocket.pause();
      resolve(webSocket);
    }),
  );
}

function closed(webSocket: WebSocket): Promise<number> {
  webSocket.resume();
  return new Promise((resolve) => webSocket.once("close", resolve));
}

test("what the first end sends before the second is there waits for it, and an end takes the other with it", async () => {
  const [one = "", other = ""] = relay.issue() ?? [];
  const near = await join(one);
  near.send("early");
  const far = await join(other);
  const first = new Promise((resolve) => far.once("message", resolve));
  far.resume();
  expect(String(await first)).toBe("early");
  const gone = closed(far);
  near.resume();
  near.close();
  expect(await gone).toBe(1000);
  expect(relay.size).toBe(0);
});

test("a ticket is good once", async () => {
  const [one = ""] = relay.issue() ?? [];
  const near = await join(one);
  expect(relay.admits(one)).toBe(false);
  expect(await closed(await join(one))).toBe(4001);
  near.terminate();
  while (relay.size > 0) await pause(20);
});

test("an end that does not read stops the other, and the hub keeps little", async () => {
  const [one = "", other = ""] = relay.issue() ?? [];
  const [near, far] = await Promise.all([join(one), join(other)]);
  far.pause();
  const before = process.memoryUsage().rss;
  const message = Buffer.alloc(64 << 10);
  let sent = 0;
  // All that fits: sockets and the hub's queue are full when the near end's own queue stays.
  for (let full = 0; full < 20; ) {
    if (near.bufferedAmount > 1 << 20) {
      full += 1;
      await pause(20);
    } else {
      full = 0;
      near.send(message);
      sent += 1;
      await pause(0);
    }
    expect(sent).toBeLessThan(2000);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  let received = 0;
  const all = new Promise<void>((resolve) =>
    far.on("message", () => {
      received += 1;
      if (received === sent) resolve();
    }),
  );
  far.resume();
  await all;
  near.close();
});
