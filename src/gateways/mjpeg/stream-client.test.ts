import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { DELIMITER, freshPart, type Part } from "./multipart.ts";
import { StreamClient } from "./stream-client.ts";

/** Takes what it is given when the test says so. */
class SlowSocket extends Writable {
  readonly writes: Buffer[][] = [];
  #taken: (() => void) | undefined;

  override _writev(chunks: Array<{ chunk: Buffer }>, done: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk));
    this.#taken = done;
  }

  async take(): Promise<void> {
    this.#taken?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const counters = { sent: () => undefined, repeated: () => undefined, dropped: () => undefined };

async function join(): Promise<{ socket: SlowSocket; client: StreamClient }> {
  const socket = new SlowSocket();
  const options = { intervalMs: 0, dual: false, counters, freed: () => undefined };
  const client = new StreamClient(socket as unknown as Socket, options);
  await socket.take();
  socket.writes.length = 0;
  return { socket, client };
}

const part = (byte: number): Part =>
  freshPart({ jpeg: new Uint8Array(5000).fill(byte), takenAtMs: 0, takenUs: 0, tag: `${byte}` });

test("a picture goes to every client in one write of the very same bytes: header, JPEG and delimiter", async () => {
  const picture = part(1);
  const clients = await Promise.all([join(), join(), join()]);
  for (const { client } of clients) client.offer(picture);
  for (const { socket } of clients) {
    const [[head, jpeg, delimiter] = [], ...more] = socket.writes;
    expect(more).toEqual([]);
    expect(head).toBe(picture.head);
    expect(jpeg?.buffer).toBe(picture.jpeg.buffer);
    expect(jpeg?.byteLength).toBe(picture.jpeg.byteLength);
    expect(delimiter).toBe(DELIMITER);
  }
});

test("at most one picture is on its way and one waits, the newest; those in between are counted", async () => {
  const { socket, client } = await join();
  const sent = (): (number | undefined)[] => socket.writes.map((write) => write[1]?.[0]);
  for (const byte of [1, 2, 3, 4]) client.offer(part(byte));
  expect(sent()).toEqual([1]);
  expect(client.free).toBe(false);
  await socket.take();
  expect(sent()).toEqual([1, 4]);
  await socket.take();
  expect(sent()).toEqual([1, 4]);
  expect([client.sent, client.dropped, client.free]).toEqual([2, 2, true]);
});
