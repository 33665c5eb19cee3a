import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { TubeDialler, type TubeTransport } from "../../dist/tube/core/index.js";
import { HubOperator, operatorPorts } from "../../dist/tube/node/index.js";
import { nextValue, pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { ForwardProcess, TubeAgent } from "../support/tube-processes.ts";

let hub: Hub;
let agent: TubeAgent;
let echo: Server;
let port = 0;
/** The tube that goes on, its echoing connection, and all that it sent and got back. */
let forward: ForwardProcess;
let socket: Socket;
let sent = Buffer.alloc(0);
let received = Buffer.alloc(0);

beforeAll(async () => {
  hub = await startTestHub();
  echo = createServer((client) => client.on("error", () => client.destroy()).pipe(client));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  port = (echo.address() as AddressInfo).port;
  agent = new TubeAgent(hub, { targets: "127.0.0.1:*", timings: { resumeMs: 500, pingMs: 300, deadMs: 2000 } });
  await agent.waitFor(/ready/);
  forward = await startForward();
  socket = connect({ port: await forward.port(), host: "127.0.0.1" });
  socket.on("data", (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
  });
  await expectEcho();
});

afterAll(async () => {
  socket.destroy();
  await forward.end();
  await agent.end();
  await hub.close();
  echo.close();
});

async function startForward(): Promise<ForwardProcess> {
  const started = new ForwardProcess(hub, ["-L", `0:127.0.0.1:${port}`]);
  await started.waitFor(/Connected/);
  return started;
}

/** Bytes still come back through the connection that was there from the beginning. */
async function expectEcho(): Promise<void> {
  const bytes = randomBytes(200_000);
  sent = Buffer.concat([sent, bytes]);
  socket.write(bytes);
  while (received.length < sent.length && !socket.destroyed) await pause(10);
  expect(received.equals(sent)).toBe(true);
}

async function untilTubes(tubes: number): Promise<void> {
  while ((await agent.figures()).tubes !== tubes) await pause(20);
}

/** A frame of connection 1 with this length, of which 4 bytes are there, and this terminator. */
function frame(length: number, terminator: number): Uint8Array {
  const bytes = Buffer.alloc(16 + 4 + 1);
  bytes.writeUInt32BE(1);
  bytes.writeUInt32BE(length, 12);
  bytes[20] = terminator;
  return bytes;
}

test.each([
  ["a wrong terminator", frame(4, 0x3a), /does not end with ";"/],
  ["an oversized length", frame(0xffff_0002, 0x3b), /is 4294901762 bytes long/],
])("a tube that is broken by %s ends with its connections; another one goes on", async (_what, bad, problem) => {
  const address = { hub: hub.url, token: TOKEN };
  const operator = new HubOperator(address);
  const connected = nextValue(operator.onConnected);
  operator.start();
  await connected;
  const ports = operatorPorts(operator, "site", address);
  let transport: TubeTransport | undefined;
  const openRelay = async (ticket: string): Promise<TubeTransport> => {
    transport = await ports.openRelay(ticket);
    return transport;
  };
  const dialler = new TubeDialler({
    ...{ ports: { ...ports, openRelay }, transport: "websocket", random: Math.random },
    newSession: () => randomBytes(16),
    listener: { open: (connection) => connection.close() },
  });
  try {
    dialler.start();
    const { channel } = dialler;
    const connection = channel.open({ kind: "target", host: "127.0.0.1", port });
    await new Promise<void>((resolve) => connection.whenOpened(resolve));
    const closed = new Promise((resolve) => connection.whenClosed(resolve));
    await untilTubes(2);
    transport?.send(bad);
    await expectEcho();
    expect(await closed).toEqual({ reason: "protocol-error", text: expect.stringMatching(problem), remote: true });
    expect(channel.state).toBe("ended");
    dialler.close();
    await untilTubes(1);
    await expectEcho();
    expect(await agent.figures()).toMatchObject({ tubes: 1, connections: 1 });
  } finally {
    dialler.close();
    operator.close();
  }
});

test("an operator that is killed takes its own tube along; another one goes on", async () => {
  const other = await startForward();
  try {
    const killed = connect({ port: await other.port(), host: "127.0.0.1" });
    killed.on("error", () => killed.destroy()).write("x");
    await once(killed, "data");
    await untilTubes(2);
    await other.end("SIGKILL");
    await expectEcho();
    await untilTubes(1);
    await expectEcho();
    expect(await agent.figures()).toMatchObject({ tubes: 1, connections: 1 });
  } finally {
    await other.end();
  }
});
