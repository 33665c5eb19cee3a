import { createHash, randomBytes } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubOptions } from "../../dist/hub/index.js";
import { type TubeConnection, TubeDialler } from "../../dist/tube/core/index.js";
import { closeWebRtc, HubOperator, loadWebRtc, operatorPorts } from "../../dist/tube/node/index.js";
import { CableNetwork, canBuildNetworks } from "../support/cable-network.ts";
import { pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { ForwardProcess, TubeAgent } from "../support/tube-processes.ts";
import { UdpProxy } from "../support/tube-udp-proxy.ts";
import { TurnServer } from "../support/turn-server.ts";

/** Long enough for both ends to find out; the soak has outages of 30 s. */
const OUTAGE_MS = 9000;
/** Of a transfer that is cut when a quarter of it is back. */
const MEBIBYTES = 32;

let server: Server;
let target = 0;

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  target = (server.address() as { port: number }).port;
});

afterAll(() => void server.close());

/** A client of the forward, which counts and hashes what comes back. */
class RemoteClient {
  readonly #socket: Socket;
  readonly received = createHash("sha256");
  receivedBytes = 0;
  readonly ended: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve, reject) => {
      socket.once("end", resolve);
      socket.once("error", reject);
    });
    socket.on("data", (bytes: Buffer) => {
      this.received.update(bytes);
      this.receivedBytes += bytes.length;
    });
  }

  static open(host: string, port: number): Promise<RemoteClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new RemoteClient(socket)));
    });
  }

  async write(bytes: Buffer): Promise<void> {
    if (!this.#socket.write(bytes)) await new Promise<void>((resolve) => this.#socket.once("drain", resolve));
  }

  /** Resolves when this much has come. */
  reached(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.receivedBytes < bytes) return;
        this.#socket.off("data", look);
        resolve();
      };
      this.#socket.on("data", look);
    });
  }

  end(): void {
    this.#socket.end();
  }
}

type Setting = {
  readonly network: CableNetwork;
  readonly args?: readonly string[];
  readonly hub?: Partial<HubOptions>;
};

/** A hub and an agent on this side of the cable, `sightline forward` on the other. Closes the network, too. */
async function withForward(
  { network, args = [], hub: options }: Setting,
  use: (forward: ForwardProcess, host: string) => Promise<void>,
): Promise<void> {
  const { hubAddress: host, forwardAddress } = network;
  const hub = await startTestHub({ host, insecure: true, timings: { keepAliveMs: 1000 }, ...options });
  const agent = new TubeAgent(hub, { targets: "127.0.0.1:*" });
  await agent.waitFor(/ready/);
  const local = ["-L", `${forwardAddress}:0:127.0.0.1:${target}`];
  const forward = new ForwardProcess(hub, [...local, ...args], { prefix: network.prefix });
  try {
    await use(forward, forwardAddress);
  } finally {
    await forward.end();
    await agent.end();
    await hub.close();
    network.close();
  }
}

test.runIf(canBuildNetworks).concurrent.each([["webrtc"], ["websocket"]])(
  "a cable cut in the middle of a transfer over %s loses and doubles nothing",
  async (transport) => {
    const network = new CableNetwork();
    await withForward({ network, args: ["--transport", transport] }, async (forward, host) => {
      await forward.waitFor(/Connected/);
      const client = await RemoteClient.open(host, await forward.port());
      const sent = createHash("sha256");
      const cut = client.reached(MEBIBYTES << 18).then(() => {
        network.cut(true);
        setTimeout(() => network.cut(false), OUTAGE_MS);
      });
      for (let count = 0; count < MEBIBYTES; count += 1) {
        const bytes = randomBytes(1 << 20);
        sent.update(bytes);
        await client.write(bytes);
      }
      client.end();
      await client.ended;
      await cut;
      expect(client.receivedBytes).toBe(MEBIBYTES << 20);
      expect(client.received.digest("hex")).toBe(sent.digest("hex"));
      expect(forward.output).toMatch(/Connected .*again; nothing was lost/);
    });
  },
  90_000,
);

test
  .runIf(canBuildNetworks)
  .concurrent("where UDP is blocked, the WebSocket takes over by itself and says so", async () => {
    const network = new CableNetwork();
    network.inside("rule", "add", "pref", "50", "ipproto", "udp", "blackhole");
    await withForward({ network }, async (forward, host) => {
      await forward.waitFor(/Connected through the hub by WebSocket, for want of UDP/);
      const client = await RemoteClient.open(host, await forward.port());
      await client.write(Buffer.from("through the hub"));
      client.end();
      await client.ended;
      expect(client.receivedBytes).toBe(15);
    });
  });

test.runIf(canBuildNetworks).concurrent(
  "where UDP reaches nothing but a TURN server, the tube goes through that, and on by WebSocket when it dies",
  async () => {
    const network = new CableNetwork();
    const turn = await TurnServer.start(network.hubAddress);
    network.inside("rule", "add", "pref", "30", "ipproto", "udp", "dport", `${turn.port}`, "lookup", "main");
    network.inside("rule", "add", "pref", "50", "ipproto", "udp", "blackhole");
    try {
      await withForward({ network, hub: { iceServers: [turn.address()] } }, async (forward, host) => {
        await forward.waitFor(/Connected directly by WebRTC \(.* through TURN\)/);
        const client = await RemoteClient.open(host, await forward.port());
        const bytes = randomBytes(1 << 20);
        await client.write(bytes);
        await turn.close();
        await forward.waitFor(
          /Connected through the hub by WebSocket.* again; nothing was lost .*gave no address/,
          0,
          50_000,
        );
        await client.write(bytes);
        client.end();
        await client.ended;
        const sent = createHash("sha256").update(bytes).update(bytes);
        expect(client.received.digest("hex")).toBe(sent.digest("hex"));
      });
    } finally {
      await turn.close();
    }
  },
  60_000,
);

test.concurrent("delay and loss slow a transfer down and change nothing else", async () => {
  const near = await startTestHub();
  const far = new TubeAgent(near, { targets: "127.0.0.1:*" });
  const proxy = new UdpProxy({ delayMs: 20, lossRatio: 0.01 });
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  const address = { hub: near.url, token: TOKEN };
  const operator = new HubOperator(address);
  try {
    await far.waitFor(/ready/);
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    await loadWebRtc();
    const ports = operatorPorts(operator, "site", address);
    const dialler = new TubeDialler({
      ports: { ...ports, beginExchange: () => proxy.impair(ports.beginExchange()) },
      ...{ transport: "webrtc", newSession: () => randomBytes(16), random: Math.random },
      listener: { open: (connection) => connection.close() },
    });
    operator.onConnected(() => dialler.start());
    operator.start();
    const { port } = echo.address() as { port: number };
    const bytes = randomBytes(1 << 20);
    const back = await roundTrip(dialler.channel.open({ kind: "target", host: "127.0.0.1", port }), bytes);
    expect(back.equals(bytes)).toBe(true);
    expect(proxy.lost).toBeGreaterThan(0);
    expect(dialler.channel.figures.rttMs).toBeGreaterThan(20);
    dialler.close();
    await pause(500);
  } finally {
    operator.close();
    closeWebRtc();
    proxy.close();
    echo.close();
    await far.end();
    await near.close();
  }
}, 60_000);

/** Writes as fast as the connection takes it, half-closes, and returns what comes back until the end. */
function roundTrip(connection: TubeConnection, bytes: Buffer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sent = 0;
  return new Promise((resolve, reject) => {
    const write = (): void => {
      while (sent < bytes.length) {
        const chunk = bytes.subarray(sent, sent + 16_384);
        sent += chunk.length;
        if (!connection.write(chunk)) return;
      }
      connection.end();
    };
    connection.receiveInto({
      data: (chunk) => {
        chunks.push(chunk);
        connection.consumed(chunk.length);
      },
      end: () => resolve(Buffer.concat(chunks)),
      writable: write,
      closed: ({ reason, text }) => reject(new Error(`${reason} ${text}`)),
    });
    write();
  });
}
