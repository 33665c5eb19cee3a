import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Pair, type PairOptions } from "../../../test/support/channel-pair.ts";
import { serveSocks, UdpAssociations } from "./socks-server.ts";

const CONNECT = Uint8Array.of(5, 1, 0, 1, 10, 0, 0, 1, 0, 80);
const UDP_ASSOCIATE = Uint8Array.of(5, 3, 0, 1, 0, 0, 0, 0, 0, 0);
const SUCCEEDED = 0;
const REFUSED = 5;

const ends: Array<() => void> = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A SOCKS5 server in front of a tube; returns its port. */
async function startSocks(options: PairOptions): Promise<{ pair: Pair; port: number; notes: string[] }> {
  const pair = new Pair(options);
  const delivery = setInterval(() => pair.deliver(), 1);
  const udp = new UdpAssociations();
  const notes: string[] = [];
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    serveSocks(socket, { channel: () => pair.near, udp, credentials: undefined, note: (text) => notes.push(text) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    clearInterval(delivery);
    pair.near.close();
    udp.close();
    server.close();
  });
  return { pair, port: (server.address() as AddressInfo).port, notes };
}

/** Asks for something; returns the socket and the code of the reply. */
async function ask(port: number, request: Uint8Array): Promise<{ socket: Socket; code: number | undefined }> {
  const socket = connect({ port, host: "127.0.0.1" });
  ends.push(() => socket.destroy());
  socket.write(Uint8Array.of(5, 1, 0));
  await once(socket, "data");
  socket.write(request);
  const [reply] = (await once(socket, "data")) as [Buffer];
  return { socket, code: reply[1] };
}

test.each([
  ["here", { maxConnections: 1 }, CONNECT, /at most 1 connections/],
  ["here, for UDP", { maxConnections: 1 }, UDP_ASSOCIATE, /at most 1 connections/],
  ["there", { maxConnections: 1, maxNearConnections: 9 }, CONNECT, /10\.0\.0\.1:80 was refused: There are 1/],
])("at the limit %s the answer is 5, and there is room again when a connection has gone", async (...row) => {
  const [, limits, request, note] = row;
  const { pair, port, notes } = await startSocks(limits);
  const first = await ask(port, CONNECT);
  expect(first.code).toBe(SUCCEEDED);
  const { socket, code } = await ask(port, request);
  expect(code).toBe(REFUSED);
  expect(notes).toEqual([expect.stringMatching(note)]);
  await once(socket, "close");
  first.socket.resetAndDestroy();
  await expect.poll(() => pair.near.figures.connections + pair.far.figures.connections).toBe(0);
  expect((await ask(port, request)).code).toBe(SUCCEEDED);
});
