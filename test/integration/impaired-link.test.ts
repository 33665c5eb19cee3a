import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pause } from "../support/events.ts";
import { ImpairedLink } from "../support/impaired-link.ts";

let server: Server;
let link: ImpairedLink;
let accepted: Promise<Socket>;
let client: Socket;

beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  accepted = once(server, "connection").then(([socket]) => socket as Socket);
  link = await ImpairedLink.open((server.address() as { port: number }).port);
  client = connect(link.port, "127.0.0.1");
  client.on("error", () => {});
  void accepted.then((socket) => socket.on("error", () => {}));
});

afterEach(async () => {
  client.destroy();
  await link.close();
  server.close();
});

/** Sends bytes from the server and returns how long the last of them took to arrive, in ms. */
async function download(socket: Socket, bytes: Buffer): Promise<{ ms: number; received: Buffer }> {
  const fromMs = performance.now();
  const chunks: Buffer[] = [];
  let length = 0;
  const done = new Promise<void>((resolve) => {
    client.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length === bytes.length) resolve();
    });
  });
  socket.write(bytes);
  await done;
  return { ms: performance.now() - fromMs, received: Buffer.concat(chunks) };
}

test("bytes arrive whole and in order, no sooner than rate, delay and jitter allow", async () => {
  const socket = await accepted;
  const bytes = Buffer.from(Uint8Array.from({ length: 60_000 }, (_, index) => (index * 7919) >>> 3));
  link.impair({ bps: 2e6, delayMs: 60, jitterMs: 30 });
  const { ms, received } = await download(socket, bytes);
  expect(received.equals(bytes)).toBe(true);
  expect(ms).toBeGreaterThan(60 + 230);
  expect(link.downBytes).toBe(bytes.length);
});

test("jitter delays pieces by more or less, and keeps their order", async () => {
  const socket = await accepted;
  link.impair({ jitterMs: 200 });
  const sentMs: number[] = [];
  const delaysMs: number[] = [];
  const received: number[] = [];
  client.on("data", (chunk: Buffer) => {
    for (const byte of chunk) {
      received.push(byte);
      delaysMs.push(performance.now() - (sentMs[byte] as number));
    }
  });
  const count = 30;
  for (let byte = 0; byte < count; byte += 1) {
    sentMs.push(performance.now());
    socket.write(Buffer.of(byte));
    await pause(10);
  }
  await vi.waitFor(() => expect(received).toHaveLength(count), { timeout: 5000 });
  expect(received).toEqual(Array.from({ length: count }, (_, byte) => byte));
  // Of thirty pieces one is late by more than half of it, but for one case in a thousand million.
  expect(Math.max(...delaysMs)).toBeGreaterThan(100);
  expect(Math.max(...delaysMs) - Math.min(...delaysMs)).toBeGreaterThan(20);
});

test("a stall holds everything back and loses nothing", async () => {
  const socket = await accepted;
  link.stall(300);
  const bytes = Buffer.alloc(10_000, 7);
  const { ms, received } = await download(socket, bytes);
  expect(received.equals(bytes)).toBe(true);
  expect(ms).toBeGreaterThan(290);
});

test("a full queue makes the sender wait instead of keeping everything", async () => {
  const socket = await accepted;
  link.impair({ bps: 1e6, queueMs: 100 });
  client.on("data", () => {});
  let drained = false;
  socket.on("drain", () => {
    drained = true;
  });
  // Far more than the system's own buffers take.
  socket.write(Buffer.alloc(64 << 20));
  await pause(500);
  expect(drained).toBe(false);
  expect(socket.writableLength).toBeGreaterThan(16 << 20);
});
