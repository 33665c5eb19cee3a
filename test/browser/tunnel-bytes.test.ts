import { createHash } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { browserProcesses } from "../support/browser-processes.ts";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { processResources } from "../support/process-resources.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { TubePage } from "../support/tube-page.ts";
import { TubeAgent } from "../support/tube-processes.ts";

const ROOT = `${import.meta.dirname}/../..`;
const SETTINGS = { targets: "127.0.0.1:*", timings: { resumeMs: 1500, pingMs: 500, deadMs: 5000 } };

let hub: Hub;
let agent: TubeAgent;
let chromium: Chromium;
let echo: Server;
let port = 0;

beforeAll(async () => {
  hub = await startTestHub();
  agent = new TubeAgent(hub, SETTINGS);
  await agent.waitFor(/ready/);
  chromium = await startChromium();
  echo = await listen((socket) => socket.pipe(socket));
  port = portOf(echo);
});

afterAll(async () => {
  await chromium.close();
  await agent.end();
  await hub.close();
  echo.close();
});

function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

const pages: Page[] = [];
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});

async function openPage(transport: string): Promise<TubePage> {
  const page = await chromium.context.newPage();
  pages.push(page);
  return TubePage.open(page, { root: ROOT, hub: hub.url, token: TOKEN, transport });
}

/** The memory of the largest page of this test's Chromium. */
function pageBytes(): number {
  return Math.max(...browserProcesses("renderer").map((pid) => processResources(pid).residentBytes));
}

// SCTP is slow where others use the machine; the soak carries 1 GiB over both.
it.each([
  ["webrtc", 32],
  ["websocket", 64],
])(
  "carries bytes from a page to an echo and back over %s by hash, in bounded memory (%i MiB)",
  async (transport, mebibytes) => {
    const tube = await openPage(transport);
    // What is loaded and grown once does not count.
    expect(await tube.echo(port, 16)).toMatchObject({ same: true });
    // The browser collects the garbage of a transfer when it sees fit; what is asked is what the page keeps.
    const devtools = await tube.page.context().newCDPSession(tube.page);
    await devtools.send("HeapProfiler.collectGarbage");
    const before = { page: pageBytes(), agent: agent.rssBytes() };
    const peak = { ...before };
    let done = false;
    const transferring = tube.echo(port, mebibytes).finally(() => {
      done = true;
    });
    while (!done) {
      await devtools.send("HeapProfiler.collectGarbage");
      peak.page = Math.max(peak.page, pageBytes());
      peak.agent = Math.max(peak.agent, agent.rssBytes());
      await pause(100);
    }
    const transfer = await transferring;
    expect(transfer).toEqual({ same: true, bytes: mebibytes << 20, end: "end" });
    // A process that kept what it carries would have both directions.
    expect(peak.page - before.page).toBeLessThan(2 * (mebibytes << 20));
    expect(peak.agent - before.agent).toBeLessThan(2 * (mebibytes << 20));
  },
);

it("keeps the other direction open when the page has sent its end", async () => {
  const digest = await listen((socket) => {
    const hash = createHash("sha256");
    socket.on("data", (bytes) => hash.update(bytes));
    // Nothing comes back unless the half-close arrives as one.
    socket.on("end", () => socket.end(hash.digest("hex")));
  });
  const tube = await openPage("webrtc");
  // As many bytes as a digest has, none of which is an echo.
  expect(await tube.echo(portOf(digest), 1)).toEqual({ same: false, bytes: 64, end: "end" });
  digest.close();
});

it("opens 1000 connections from a page at once, each with its own bytes, and nothing is left of them", async () => {
  const tube = await openPage("webrtc");
  await tube.openMany(port, 1);
  await tube.endMany();
  const idle = await agent.figures();
  expect(await tube.openMany(port, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => `connection ${index}`));
  expect((await agent.figures()).connections).toBe(1000);
  expect(new Set(await tube.endMany())).toEqual(new Set(["normal"]));
  await until(async () => {
    const { connections, fds } = await agent.figures();
    return connections === 0 && fds <= idle.fds;
  });
});

it("leaves nothing at the agent when the page is closed in the middle", async () => {
  const tube = await openPage("webrtc");
  expect(await tube.openMany(port, 3)).toHaveLength(3);
  expect(await agent.figures()).toMatchObject({ connections: 3 });
  await tube.page.close();
  await until(async () => {
    const { tubes, connections, peers } = await agent.figures();
    return tubes + connections + peers === 0;
  });
});

it("tells the page's connections when the agent is killed, and works again with the next agent", async () => {
  const tube = await openPage("websocket");
  await tube.openMany(port, 2);
  const ended = tube.endReasons();
  await agent.end("SIGKILL");
  agent = new TubeAgent(hub, SETTINGS);
  expect(await ended).toEqual(["connection-lost", "connection-lost"]);
  expect(await tube.echo(port, 1)).toMatchObject({ same: true });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(50);
}
