import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { connect, createServer as createSocketServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { connectWebSocketLink, type Link, type LinkClose, PipeLink, WebSocketLink } from "../../dist/node/index.js";
import { pause } from "../support/events.ts";
import { Inbox } from "../support/inbox.ts";

const LIMITS = { maxTextBytes: 1000, maxBinaryBytes: 8 << 20 };

/** Two ends of one link, and the first end's raw socket. */
type Pair = { readonly a: Link; readonly b: Link; readonly rawA: Duplex };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function socketPair(): Promise<[Socket, Socket]> {
  const directory = mkdtempSync(join(tmpdir(), "sightline-link-"));
  const path = join(directory, "socket");
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const near = connect(path);
  const far = await accepted;
  server.close();
  cleanups.push(() => {
    near.destroy();
    far.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  return [near, far];
}

async function pipePair(): Promise<Pair> {
  const [near, far] = await socketPair();
  return {
    a: new PipeLink(near, { peer: "b", ...LIMITS }),
    b: new PipeLink(far, { peer: "a", ...LIMITS }),
    rawA: near,
  };
}

async function webSocketPair(keepAliveMs = { a: 5000, b: 5000 }): Promise<Pair> {
  const server = createServer();
  const webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LIMITS.maxBinaryBytes,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const accepted = new Promise<[WebSocket, Socket]>((resolve) => {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      webSockets.handleUpgrade(request, socket, head, (webSocket) => resolve([webSocket, request.socket]));
    });
  });
  const { port } = server.address() as { port: number };
  const options = { bearerToken: "x", ...LIMITS, keepAliveMs: keepAliveMs.b };
  const b = await connectWebSocketLink(`ws://127.0.0.1:${port}`, options);
  const [webSocket, socket] = await accepted;
  cleanups.push(() => {
    socket.destroy();
    server.close();
  });
  return {
    a: new WebSocketLink(webSocket, socket, { peer: "b", ...LIMITS, keepAliveMs: keepAliveMs.a }),
    b,
    rawA: socket,
  };
}

function inboxOf(link: Link): Inbox<string | Uint8Array> {
  const inbox = new Inbox<string | Uint8Array>();
  link.onMessage((message) => inbox.put(message));
  return inbox;
}

function closeOf(link: Link): Promise<LinkClose> {
  return new Promise((resolve) => void link.onClose(resolve));
}

describe.each([
  ["pipe", pipePair],
  ["websocket", () => webSocketPair()],
] as const)("a %s link", (kind, makePair: () => Promise<Pair>) => {
  test("carries text and bytes in order, both ways", async () => {
    const { a, b } = await makePair();
    expect(a.kind).toBe(kind);
    const [atA, atB] = [inboxOf(a), inboxOf(b)];
    a.send("héllo 漢 😀");
    a.send(new Uint8Array([1, 2, 3]));
    a.send("");
    a.send(new Uint8Array(0));
    b.send("back");
    expect(await atB.next()).toBe("héllo 漢 😀");
    expect(Buffer.from((await atB.next()) as Uint8Array)).toEqual(Buffer.from([1, 2, 3]));
    expect(await atB.next()).toBe("");
    expect(((await atB.next()) as Uint8Array).byteLength).toBe(0);
    expect(await atA.next()).toBe("back");
  });

  test("loses nothing that came before there was a listener", async () => {
    const { a, b } = await makePair();
    a.send("early");
    await pause(50);
    expect(await inboxOf(b).next()).toBe("early");
  });

  test("carries messages of megabytes unharmed", async () => {
    const { a, b } = await makePair();
    const atB = inboxOf(b);
    const large = Uint8Array.from({ length: 5_000_000 }, (_, index) => (index * 31) & 0xff);
    a.send(large);
    a.send("after");
    expect(Buffer.compare((await atB.next()) as Uint8Array, large)).toBe(0);
    expect(await atB.next()).toBe("after");
  });

  test("counts what the other end has not taken and says when it is gone", async () => {
    const { a, b } = await makePair();
    inboxOf(a);
    for (let index = 0; index < 8; index += 1) a.send(new Uint8Array(1 << 20));
    expect(a.bufferedBytes).toBeGreaterThan(1 << 20);
    const drained = new Promise<void>((resolve) => void a.onDrain(resolve));
    inboxOf(b);
    await drained;
    expect(a.bufferedBytes).toBe(0);
  });

  test("closes with code and reason after what was queued, once, and then does nothing", async () => {
    const { a, b } = await makePair();
    const atB = inboxOf(b);
    inboxOf(a);
    const closes = [closeOf(a), closeOf(b)];
    a.send("last words");
    a.close(4003, "too slow");
    a.close(4000, "again");
    a.send("never sent");
    expect(await closes[1]).toEqual({ code: 4003, reason: "too slow", remote: true });
    expect(await closes[0]).toEqual({ code: 4003, reason: "too slow", remote: false });
    expect(atB.all).toEqual(["last words"]);
  });

  test("ends when the other end vanishes", async () => {
    const { a, b, rawA } = await makePair();
    inboxOf(b);
    inboxOf(a);
    const close = closeOf(b);
    rawA.destroy();
    expect(await close).toMatchObject({ code: 1006, remote: true });
  });

  test("closes although the other end reads nothing", async () => {
    const { a } = await makePair();
    inboxOf(a);
    for (let index = 0; index < 8; index += 1) a.send(new Uint8Array(1 << 20));
    const close = closeOf(a);
    a.close(4003, "too slow");
    expect(await close).toMatchObject({ code: 4003, remote: false });
  });

  test.each([
    ["text", "x".repeat(LIMITS.maxTextBytes + 1)],
    ["binary", new Uint8Array(LIMITS.maxBinaryBytes + 1)],
  ])("refuses a %s message over its limit", async (_kind, message) => {
    const { a, b } = await makePair();
    const atB = inboxOf(b);
    inboxOf(a);
    const closes = [closeOf(a), closeOf(b)];
    a.send(message);
    expect(await closes[1]).toMatchObject({ code: 4000, remote: false });
    expect(atB.all).toEqual([]);
    // A WebSocket refuses what exceeds both limits by itself, with the code that RFC 6455 has for it.
    expect([4000, 1009, 1006]).toContain((await closes[0])?.code);
  });
});

test("a pipe link refuses garbage, and text that is not UTF-8", async () => {
  for (const bytes of [Buffer.from("garbage, not frames"), Buffer.from([2, 0, 0, 0, 0, 0xc3, 0x28])]) {
    const { b, rawA } = await pipePair();
    const atB = inboxOf(b);
    const close = closeOf(b);
    rawA.write(bytes);
    expect(await close).toMatchObject({ code: 4000, remote: false });
    expect(atB.all).toEqual([]);
  }
});

test("a WebSocket link notices that the other end no longer answers", async () => {
  // An end that nobody listens to does not read, so it answers no ping; nor does it send any for a long time.
  const { a } = await webSocketPair({ a: 50, b: 60_000 });
  inboxOf(a);
  expect(await closeOf(a)).toEqual({ code: 1006, reason: "The other end no longer answers.", remote: true });
});

test("a WebSocket link stays open while both ends live, however long nothing is said", async () => {
  const { a, b } = await webSocketPair({ a: 50, b: 50 });
  const [atA, atB] = [inboxOf(a), inboxOf(b)];
  await pause(500);
  a.send("still here");
  expect(await atB.next()).toBe("still here");
  b.send("so am I");
  expect(await atA.next()).toBe("so am I");
});

test("an unreachable hub is an error that says so, without the token", async () => {
  const attempt = connectWebSocketLink("ws://127.0.0.1:1/api/agent", { bearerToken: "secret-token" });
  await expect(attempt).rejects.toThrow("127.0.0.1:1 cannot be reached");
  await expect(attempt).rejects.not.toThrow("secret-token");
});
