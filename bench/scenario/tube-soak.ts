/**
 * What is too long for a test: 1 GiB through a tube to an echo and back, by hash and in bounded memory, from `sightline
 * forward` and from a page in Chromium, over WebRTC and over the hub's WebSocket; then a cable that is cut for 30 s in the
 * middle of a transfer (as root, with iproute2). Ends with 1 when a byte was lost, doubled or changed, or memory has grown.
 * `node scripts/bench.js scenario/tube-soak`
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { CableNetwork, canBuildNetworks } from "../../test/support/cable-network.ts";
import { TubePage } from "../../test/support/tube-page.ts";
import { openBrowser } from "../support/browser.ts";
import { Lifetime } from "../support/lifetime.ts";
import { processesOf } from "../support/process-tree.ts";
import { dial, endProcesses, residentBytes, startForward, startTubeSite, TUBE_TOKEN } from "../support/tube-ways.ts";

const MEBIBYTES = 1024;
const OUTAGE_MEBIBYTES = 48;
const OUTAGE_MS = 30_000;
/** Enough that everything is loaded and every pool has its size. */
const WARM_MEBIBYTES = 32;
/** A process that kept what it carries would grow by both directions; a page's garbage waits on a busy machine. */
const MAX_GROWTH_MEBIBYTES = 512;
const TRANSPORTS = ["webrtc", "websocket"] as const;
type Transport = (typeof TRANSPORTS)[number];

const lifetime = new Lifetime();
try {
  await soak();
} finally {
  await lifetime.close();
}

async function soak(): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  lifetime.defer(() => server.close());
  const { port } = server.address() as { port: number };
  for (const transport of TRANSPORTS) await report(`sightline forward over ${transport}`, fromForward(transport, port));
  for (const transport of TRANSPORTS) await report(`a page over ${transport}`, fromPage(transport, port));
  if (!canBuildNetworks) console.log("Outages need root and iproute2: left out.");
  else
    for (const transport of TRANSPORTS) await report(`30 s without a cable over ${transport}`, outage(transport, port));
}

type Outcome = { readonly isSame: boolean; readonly growthMebibytes: number };

async function report(name: string, outcome: Promise<Outcome>): Promise<void> {
  const startMs = performance.now();
  const { isSame, growthMebibytes } = await outcome;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  const isBounded = growthMebibytes < MAX_GROWTH_MEBIBYTES;
  const bytes = isSame ? "the same by hash" : "NOT THE SAME";
  const memory = `grew by at most ${growthMebibytes.toFixed(0)} MiB${isBounded ? "" : ", TOO MUCH"}`;
  console.log(`${name}: ${bytes}; the largest process ${memory}; ${seconds} s`);
  if (!isSame || !isBounded) process.exitCode = 1;
}

async function fromForward(transport: Transport, target: number): Promise<Outcome> {
  const site = await startTubeSite();
  const { forward, port } = await startForward(site.url, transport, target);
  try {
    await echo(await dial(port), WARM_MEBIBYTES);
    const pids = [forward, site.agent, site.hub].map(({ pid }) => pid as number);
    const growth = watchGrowth(() => pids);
    const isSame = await echo(await dial(port), MEBIBYTES);
    return { isSame, growthMebibytes: growth() };
  } finally {
    await endProcesses([forward]);
    await site.close();
  }
}

async function fromPage(transport: Transport, target: number): Promise<Outcome> {
  const mine = lifetime.child();
  const site = await startTubeSite();
  mine.defer(() => site.close());
  try {
    const { page, pids } = await openBrowser(mine);
    const tube = await TubePage.open(page, { root: process.cwd(), hub: site.url, token: TUBE_TOKEN, transport });
    await tube.echo(target, WARM_MEBIBYTES);
    const growth = watchGrowth(() => [...processesOf(pids), site.agent.pid as number, site.hub.pid as number]);
    const { same, bytes } = await tube.echo(target, MEBIBYTES);
    return { isSame: same && bytes === MEBIBYTES << 20, growthMebibytes: growth() };
  } finally {
    await mine.close();
  }
}

async function outage(transport: Transport, target: number): Promise<Outcome> {
  const network = new CableNetwork();
  const site = await startTubeSite(network.hubAddress);
  const inside = { prefix: network.prefix, bind: network.forwardAddress };
  const { forward, port } = await startForward(site.url, transport, target, inside);
  try {
    const growth = watchGrowth(() => [forward, site.agent, site.hub].map(({ pid }) => pid as number));
    const socket = await dial(port, network.forwardAddress);
    const isSame = await echo(socket, OUTAGE_MEBIBYTES, () => {
      network.cut(true);
      setTimeout(() => network.cut(false), OUTAGE_MS);
    });
    return { isSame, growthMebibytes: growth() };
  } finally {
    await endProcesses([forward]);
    await site.close();
    network.close();
  }
}

/** Sends this much, half-closes, and compares what comes back. `inTheMiddle` is called when a third of it is back. */
async function echo(socket: Socket, mebibytes: number, inTheMiddle: () => void = () => undefined): Promise<boolean> {
  const sent = createHash("sha256");
  const received = createHash("sha256");
  let receivedBytes = 0;
  const ended = new Promise<void>((resolve, reject) => {
    socket.once("end", resolve);
    socket.once("close", () => reject(new Error("The connection was closed before its end.")));
    socket.on("data", (bytes) => {
      const third = (mebibytes << 20) / 3;
      if (receivedBytes < third && receivedBytes + bytes.length >= third) inTheMiddle();
      received.update(bytes);
      receivedBytes += bytes.length;
    });
  });
  for (let count = 0; count < mebibytes; count += 1) {
    const bytes = randomBytes(1 << 20);
    sent.update(bytes);
    if (!socket.write(bytes)) await new Promise<void>((resolve) => socket.once("drain", resolve));
  }
  socket.end();
  await ended;
  return receivedBytes === mebibytes << 20 && received.digest("hex") === sent.digest("hex");
}

/** Looks at the memory of processes every tenth of a second; the result, in MiB, is by how much one has grown at most. */
function watchGrowth(pids: () => readonly number[]): () => number {
  const first = new Map<number, number>();
  let most = 0;
  const look = (): void => {
    for (const pid of pids()) {
      const bytes = residentBytes(pid);
      if (!first.has(pid)) first.set(pid, bytes);
      most = Math.max(most, bytes - (first.get(pid) ?? bytes));
    }
  };
  look();
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    return most / 2 ** 20;
  };
}
