import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { pause } from "../support/events.ts";
import { makeLink, startTestHub } from "../support/test-hub.ts";
import { ForwardProcess, TubeAgent } from "../support/tube-processes.ts";

const SETTINGS = {
  targets: "127.0.0.1:*,[::1]:*,localhost:*",
  listens: "127.0.0.1:*",
  timings: { resumeMs: 1500, pingMs: 500, deadMs: 4000 },
};

/** What a forward prints when the agent listens for it, with the port. */
const LISTENING = /The agent listens: -R 127\.0\.0\.1:(\d+)/;

let hub: Hub;
let agent: TubeAgent;
const servers: Server[] = [];

beforeAll(async () => {
  hub = await startTestHub();
  agent = new TubeAgent(hub, SETTINGS);
  await agent.waitFor(/ready/);
});

afterAll(async () => {
  await agent.end();
  await hub.close();
  for (const server of servers) server.close();
});

/** A TCP server on loopback; returns its port. */
function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  servers.push(server);
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
}

const echo = (): Promise<number> => listen((socket) => socket.pipe(socket));

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}

/** Everything up to the end; the socket stays open for the other direction. */
function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("close", () => reject(new Error("The socket was closed before its end.")));
  });
}

/** Sends bytes, half-closes, and returns everything that comes back until the end. */
async function exchange(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = await dial(port);
  socket.end(bytes);
  return readAll(socket);
}

async function withForward<T>(args: string[], use: (forward: ForwardProcess) => Promise<T>): Promise<T> {
  const forward = new ForwardProcess(hub, args);
  try {
    await forward.waitFor(/Connected/);
    return await use(forward);
  } finally {
    await forward.end();
  }
}

describe.each(["webrtc", "websocket"])("over %s", (transport) => {
  test("echoes, and keeps the other direction open after a half-close", async () => {
    // Answers only after the end of what it was sent: nothing comes back unless the half-close arrives as one.
    const port = await listen((socket) => {
      void readAll(socket).then((all) => socket.end(createHash("sha256").update(all).digest("hex")));
    });
    const bytes = randomBytes(3_000_000);
    await withForward(["--transport", transport, "-L", `0:127.0.0.1:${port}`], async (forward) => {
      const answer = await exchange(await forward.port(), bytes);
      expect(answer.toString()).toBe(createHash("sha256").update(bytes).digest("hex"));
    });
  });

  test("carries 64 MiB both ways by hash, in bounded memory (the soak has 1 GiB)", async () => {
    const port = await echo();
    await withForward(["--transport", transport, "-L", `0:127.0.0.1:${port}`], async (forward) => {
      // What is loaded and grown once does not count.
      await exchange(await forward.port(), Buffer.alloc(8 << 20));
      const before = [forward, agent].map((process) => process.rssBytes());
      const socket = await dial(await forward.port());
      const sent = createHash("sha256");
      const received = createHash("sha256");
      const chunk = randomBytes(1 << 20);
      let grownBytes = 0;
      const reading = (async () => {
        for await (const bytes of socket) {
          received.update(bytes as Buffer);
          const grown = [forward, agent].map((process, index) => process.rssBytes() - (before[index] as number));
          grownBytes = Math.max(grownBytes, ...grown);
        }
      })();
      for (let count = 0; count < 64; count += 1) {
        chunk.writeUInt32LE(count);
        sent.update(chunk);
        const copy = Buffer.from(chunk);
        if (!socket.write(copy)) await new Promise<void>((resolve) => socket.once("drain", resolve));
      }
      socket.end();
      await reading;
      expect(received.digest("hex")).toBe(sent.digest("hex"));
      // A process that kept what it carries would grow by both directions.
      expect(grownBytes).toBeLessThan(96 << 20);
    });
  });
});

test("a reader that stalls blocks neither other connections nor new ones", async () => {
  const flood = await listen((socket) => {
    const chunk = Buffer.alloc(1 << 20);
    const fill = (): void => {
      while (socket.write(chunk));
    };
    socket.on("drain", fill);
    fill();
  });
  const port = await echo();
  await withForward(["-L", `0:127.0.0.1:${flood}`, "-L", `0:127.0.0.1:${port}`], async (forward) => {
    const stalled = await Promise.all([1, 2, 3].map(() => forward.port(1).then(dial)));
    for (const socket of stalled) socket.pause();
    // Long enough for every buffer on the way to be full.
    await pause(1500);
    const before = forward.rssBytes();
    const bytes = randomBytes(2_000_000);
    expect((await exchange(await forward.port(2), bytes)).equals(bytes)).toBe(true);
    await pause(500);
    expect(forward.rssBytes() - before).toBeLessThan(64 << 20);
    for (const socket of stalled) socket.destroy();
  });
});

test("a target that does not read holds back whoever sends to it, and gets every byte when it does", async () => {
  let stalled: Socket | undefined;
  const received = createHash("sha256");
  const port = await listen((socket) => {
    stalled = socket.pause();
    socket.on("data", (chunk) => received.update(chunk));
    socket.on("end", () => socket.end());
  });
  await withForward(["-L", `0:127.0.0.1:${port}`], async (forward) => {
    const socket = await dial(await forward.port());
    const before = [forward.rssBytes(), agent.rssBytes()];
    const sent = createHash("sha256");
    const chunk = randomBytes(1 << 18);
    let bytes = 0;
    // Until nothing has been taken for a second: the kernels and the tube are full.
    for (let isTaken = true; isTaken; ) {
      bytes += chunk.length;
      sent.update(chunk);
      if (socket.write(chunk)) continue;
      isTaken = await Promise.race([once(socket, "drain").then(() => true), pause(1000).then(() => false)]);
      expect(bytes).toBeLessThan(64 << 20);
    }
    const grown = [forward.rssBytes(), agent.rssBytes()].map((now, index) => now - (before[index] as number));
    expect(Math.max(...grown)).toBeLessThan(48 << 20);
    socket.end();
    stalled?.resume();
    await readAll(socket);
    expect(stalled?.bytesRead).toBe(bytes);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });
});

test("1000 connections at once, each with its own bytes, and nothing is left of them", async () => {
  const port = await echo();
  await withForward(["-L", `0:127.0.0.1:${port}`], async (forward) => {
    const local = await forward.port();
    await exchange(local, Buffer.from("warm"));
    const idle = await agent.figures();
    const sockets = await Promise.all(Array.from({ length: 1000 }, () => dial(local)));
    const answers = sockets.map(
      (socket) => new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data)))),
    );
    sockets.forEach((socket, index) => void socket.write(`connection ${index}`));
    expect(await Promise.all(answers)).toEqual(sockets.map((_socket, index) => `connection ${index}`));
    expect((await agent.figures()).connections).toBe(1000);
    for (const socket of sockets) socket.end();
    await Promise.all(sockets.map((socket) => readAll(socket)));
    let left = await agent.figures();
    while (left.connections > 0 || left.fds > idle.fds) {
      await pause(50);
      left = await agent.figures();
    }
    expect(left).toMatchObject({ connections: 0, tubes: idle.tubes, attempts: 0 });
  });
});

test.concurrent("what is not allowed is refused, said, and in the audit log; what is allowed is there, too", async () => {
  const port = await echo();
  const listeners = ["-R", `127.0.0.2:0:127.0.0.1:${port}`, "-R", `agent.example:0:127.0.0.1:${port}`];
  await withForward(["-L", `0:127.0.0.1:${port}`, "-L", "0:192.0.2.55:80", ...listeners], async (forward) => {
    await exchange(await forward.port(1), Buffer.from("x"));
    // Reset after it was accepted, which may be seen only as a failure to connect.
    const refused = await dial(await forward.port(2)).catch(() => undefined);
    if (refused?.closed === false) await new Promise((resolve) => refused.once("close", resolve));
    await forward.waitFor(/192\.0\.2\.55:80 was refused: The agent's rules do not allow/);
    await forward.waitFor(/does not listen for -R 127\.0\.0\.2:.* rules do not allow to listen on 127\.0\.0\.2:0/);
    await forward.waitFor(/does not listen for -R agent\.example:.* rules do not allow to listen on agent\.example:0/);
  });
  const entries = agent.audit();
  expect(entries).toContainEqual(
    expect.objectContaining({ event: "closed", target: `127.0.0.1:${port}`, sentBytes: 1, receivedBytes: 1 }),
  );
  expect(entries).toContainEqual(
    expect.objectContaining({ event: "refused", target: "192.0.2.55:80", who: expect.stringMatching(/^viewer/) }),
  );
  for (const target of ["127.0.0.2:0", "agent.example:0"]) {
    expect(entries).toContainEqual(expect.objectContaining({ kind: "listen", event: "refused", target }));
  }
});

test.concurrent("forwards are added and removed while it runs, also to the agent's side", async () => {
  const port = await echo();
  await withForward([], async (forward) => {
    forward.say(`add -L 0:127.0.0.1:${port}`);
    const local = await forward.port(1);
    expect((await exchange(local, Buffer.from("added"))).toString()).toBe("added");
    forward.say(`add -R 0:127.0.0.1:${port}`);
    const there = Number((await forward.waitFor(LISTENING))[1]);
    expect((await exchange(there, Buffer.from("back"))).toString()).toBe("back");
    forward.say("remove 1");
    forward.say("remove 2");
    await forward.waitFor(/Removed 2/);
    while (!agent.audit().some(({ kind, event }) => kind === "listen" && event === "closed")) await pause(20);
    const listener = { kind: "listen", target: "127.0.0.1:0", address: `127.0.0.1:${there}` };
    const accepted = { kind: "accepted", target: "127.0.0.1:0" };
    const end = { event: "closed", durationMs: expect.any(Number) };
    const entries = agent.audit();
    for (const entry of [
      { ...listener, event: "opened" },
      { ...accepted, event: "opened" },
      { ...accepted, ...end, sentBytes: 4, receivedBytes: 4 },
      { ...listener, ...end, reason: "normal" },
    ]) {
      expect(entries).toContainEqual(expect.objectContaining(entry));
    }
    await expect(dial(local)).rejects.toThrow("ECONNREFUSED");
    while (
      await dial(there).then(
        (socket) => socket.destroy(),
        () => undefined,
      )
    )
      await pause(20);
    await expect(dial(there)).rejects.toThrow("ECONNREFUSED");
  });
});

test.concurrent("a token without the grant is refused for good", async () => {
  const forward = new ForwardProcess(hub, ["-D", "0"], { token: await makeLink(hub, ["view"]) });
  expect(await forward.exit).toBe(1);
  expect(forward.output).toContain('This token does not allow tunnels through "site"');
});

test.concurrent("an operator that is killed leaves nothing at the agent", async () => {
  const port = await echo();
  const other = await startTestHub();
  const site = new TubeAgent(other, SETTINGS);
  await site.waitFor(/ready/);
  const forward = new ForwardProcess(other, ["-L", `0:127.0.0.1:${port}`, "-R", `0:127.0.0.1:${port}`]);
  try {
    await forward.waitFor(/Connected/);
    const there = Number((await forward.waitFor(LISTENING))[1]);
    const socket = await dial(await forward.port());
    socket.write("x");
    await new Promise((resolve) => socket.once("data", resolve));
    // On a busy machine the tube may be on the WebSocket first.
    while ((await site.figures()).peers === 0) await pause(100);
    expect(await site.figures()).toMatchObject({ tubes: 1, connections: 2, peers: 1 });
    await forward.end("SIGKILL");
    let left = await site.figures();
    while (left.connections + left.tubes + left.peers > 0) {
      await pause(100);
      left = await site.figures();
    }
    expect(left).toMatchObject({ tubes: 0, connections: 0, peers: 0 });
    await expect(dial(there)).rejects.toThrow("ECONNREFUSED");
  } finally {
    await forward.end();
    await site.end();
    await other.close();
  }
});

test.concurrent("an agent that is killed ends its connections; the forward works again with the next one", async () => {
  const port = await echo();
  const other = await startTestHub();
  const first = new TubeAgent(other, SETTINGS);
  await first.waitFor(/ready/);
  const forward = new ForwardProcess(other, ["-L", `0:127.0.0.1:${port}`, "-R", `0:127.0.0.1:${port}`]);
  await forward.waitFor(LISTENING);
  const from = forward.output.length;
  const socket = await dial(await forward.port());
  socket.write("x");
  await new Promise((resolve) => socket.once("data", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await first.end("SIGKILL");
  const second = new TubeAgent(other, SETTINGS);
  try {
    await closed;
    await forward.waitFor(/The tube ended[\s\S]*Connected/);
    const there = Number((await forward.waitFor(LISTENING, from))[1]);
    expect((await exchange(there, Buffer.from("back"))).toString()).toBe("back");
    expect((await exchange(await forward.port(), Buffer.from("again"))).toString()).toBe("again");
  } finally {
    await forward.end();
    await second.end();
    await other.close();
  }
});
