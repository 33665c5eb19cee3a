import { lookup } from "node:dns/promises";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dialTarget } from "./dial-target.ts";
import { TargetRules } from "./target-rules.ts";

vi.mock("node:dns/promises", () => ({ lookup: vi.fn() }));

const ALLOWED = "127.0.0.2";
const FORBIDDEN = "127.0.0.3";
const rules = new TargetRules(`${ALLOWED}:*`);
const servers: Server[] = [];
const reached: string[] = [];
let port = 0;

/** What the name server says, one answer after another. */
function answers(...each: string[][]): void {
  for (const addresses of each) {
    const answer = addresses.map((address) => ({ address, family: 4 }));
    vi.mocked(lookup).mockResolvedValueOnce(answer as never);
  }
}

async function listen(address: string): Promise<void> {
  const server = createServer((socket) => {
    reached.push(address);
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  port = (server.address() as { port: number }).port;
  servers.push(server);
}

/** The far side has said its end, so it knows of the connection. */
async function ended(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.resume().once("end", resolve));
  socket.destroy();
}

beforeEach(async () => {
  vi.mocked(lookup).mockReset();
  reached.length = 0;
  port = 0;
  await listen(ALLOWED);
  await listen(FORBIDDEN);
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test("the address that was checked is the one that is dialled, whatever the name server says next", async () => {
  answers([ALLOWED], [FORBIDDEN], [FORBIDDEN]);
  const socket = await dialTarget("rebinding.example", port, rules);
  expect(socket.remoteAddress).toBe(ALLOWED);
  await ended(socket);
  expect(reached).toEqual([ALLOWED]);
  expect(lookup).toHaveBeenCalledTimes(1);
});

test("of several addresses only the allowed ones are dialled", async () => {
  answers([FORBIDDEN, ALLOWED]);
  const socket = await dialTarget("two.example", port, rules);
  await ended(socket);
  expect(reached).toEqual([ALLOWED]);
});

test("a name that leads to forbidden addresses only is refused, and nobody is dialled", async () => {
  answers([FORBIDDEN]);
  await expect(dialTarget("inner.example", port, rules)).rejects.toMatchObject({ reason: "admin-closed" });
  expect(reached).toEqual([]);
});
