/**
 * The wall with real cameras in Chromium, all over one connection: how soon every tile is live, how many pictures each then
 * shows, how old they are, and what all of it costs. `node scripts/bench.js scenario/wall [cameras] [seconds]`. Ends with 1
 * when a tile shows less than nine tenths of its pictures.
 */
import type { WallPage } from "../../src/viewer/wall/ui/wall-page.ts";
import { openBrowser } from "../support/browser.ts";
import { type CameraServer, serveCameras } from "../support/camera-server.ts";
import { Lifetime } from "../support/lifetime.ts";
import { monotonicMs, pause } from "../support/monotonic.ts";
import { cpuSecondsOfTrees, proportionalMegabytesOfTrees } from "../support/process-tree.ts";
import { quantiles } from "../support/quantiles.ts";

const count = Number(process.argv[2] ?? 24);
const seconds = Number(process.argv[3] ?? 20);
const FPS = 10;
const LIVE_MS = 120_000;
const SETTLE_MS = 8000;
const LEAST_SHARE = 0.9;

type Tile = { readonly pictures: number; readonly ageMs: number; readonly waitMs: number; readonly label: string };

const lifetime = new Lifetime();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void lifetime.close().then(() => process.exit(130)));
}
try {
  process.exitCode = await measure();
} finally {
  await lifetime.close();
}

async function measure(): Promise<number> {
  const server = await serveCameras(lifetime);
  for (let index = 1; index <= count; index += 1) await addCamera(server, index);
  const { page, pids } = await openBrowser(lifetime);
  const connections: string[] = [];
  page.on("websocket", (socket) => connections.push(new URL(socket.url()).pathname));
  const startMs = monotonicMs();
  await page.goto(`http://127.0.0.1:${server.port}/wall/#token=${server.token}&layout=24&group=all`);
  const tiles = (): Promise<Tile[]> => page.evaluate(readTiles);
  const isLive = (list: readonly Tile[]): boolean =>
    list.length >= count && list.every(({ label }) => label === "Live");
  while (!isLive(await tiles())) {
    if (monotonicMs() - startMs > LIVE_MS) throw new Error(`Not all tiles are live: ${JSON.stringify(await tiles())}`);
    await pause(100);
  }
  const liveMs = monotonicMs() - startMs;
  await pause(SETTLE_MS);
  const [before, atMs] = [await tiles(), monotonicMs()];
  const cpu = { server: cpuSecondsOfTrees([server.pid]), browser: cpuSecondsOfTrees(pids) };
  await pause(seconds * 1000);
  const [after, tookSeconds] = [await tiles(), (monotonicMs() - atMs) / 1000];
  const rates = after.map(({ pictures }, index) => (pictures - (before[index]?.pictures ?? 0)) / tookSeconds);
  const ages = quantiles(after.map(({ ageMs }) => ageMs));
  const waits = quantiles(after.map(({ waitMs }) => waitMs));
  const cores = {
    server: (cpuSecondsOfTrees([server.pid]) - cpu.server) / tookSeconds,
    browser: (cpuSecondsOfTrees(pids) - cpu.browser) / tookSeconds,
  };
  const worst = Math.min(...rates);
  console.log(
    `${after.length} tiles, all live after ${(liveMs / 1000).toFixed(1)} s, WebSockets: ${connections.join(", ")}`,
  );
  console.log(
    `pictures a second: fewest ${worst.toFixed(1)}, median ${quantiles(rates).p50.toFixed(1)} of ${FPS}; age when shown p50 ${ages.p50.toFixed(0)} max ${ages.max.toFixed(0)} ms, of it waiting p50 ${waits.p50.toFixed(0)} ms`,
  );
  console.log(
    `cores: hub and cameras ${cores.server.toFixed(2)}, browser ${cores.browser.toFixed(2)}; ${proportionalMegabytesOfTrees([server.pid]).toFixed(0)} MB and ${proportionalMegabytesOfTrees(pids).toFixed(0)} MB`,
  );
  return worst >= FPS * LEAST_SHARE ? 0 : 1;
}

/** Small pictures, so that what is measured is the wall and not their encoding. */
function addCamera(server: CameraServer, index: number): Promise<string> {
  const source = { kind: "test", pattern: "testsrc2", width: 320, height: 180, fps: FPS };
  return server.addCamera(`camera-${index}`, source, { groups: ["all"] });
}

/** Runs in the page. */
function readTiles(): Tile[] {
  const model = (document.querySelector("wall-page") as WallPage | null)?.model;
  return (model?.shown ?? []).map((source) => {
    const report = model?.reportOf(source.path);
    return {
      pictures: report?.pictures ?? 0,
      ageMs: (report?.shownEpochMs ?? Number.NaN) - (report?.takenEpochMs ?? Number.NaN),
      waitMs: report?.bufferMs ?? 0,
      label: model?.statusOf(source).label ?? "",
    };
  });
}
