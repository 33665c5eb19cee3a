/**
 * Cameras over HTTP: how old pictures are at a client, how many clients a core serves, and what a source costs that nobody,
 * somebody or a crowd watches. Every figure comes with its rivals' of the same run. `--help` lists the options.
 */
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type CameraServer, serveCameras, startJpegCamera } from "../support/camera-server.ts";
import { startChild } from "../support/child.ts";
import { Lifetime } from "../support/lifetime.ts";
import type { MjpegCrowdReport } from "../support/mjpeg-crowd.ts";
import {
  agesOfPersistentFfmpeg,
  agesOfSpawnedFfmpeg,
  type MjpegServer,
  startGStreamer,
  startMotion,
} from "../support/mjpeg-rivals.ts";
import { monotonicMs, pause } from "../support/monotonic.ts";
import { PartReader } from "../support/part-reader.ts";
import { cpuSecondsOfTrees, proportionalMegabytesOfTrees } from "../support/process-tree.ts";
import { quantiles } from "../support/quantiles.ts";
import { agesOfHubStream, agesOfPersistentRtsp, agesOfSpawnedRtsp, startRtspCamera } from "../support/rtsp-ages.ts";

const help = `usage: cameras [options]
  --parts A,B    of age, rtsp, clients, demand (default all)
  --clients A,B  numbers of clients per server (default 1,50,100)
  --sources N    sources of the part demand (default 16)
  --seconds S    seconds of measuring per figure (default 10)
  --json FILE    writes every figure to FILE
`;

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "age,rtsp,clients,demand" },
    clients: { type: "string", default: "1,50,100" },
    sources: { type: "string", default: "16" },
    seconds: { type: "string", default: "10" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const FPS = 10;
/** Longer than the program goes on with a camera that nobody watches any more. */
const MAX_GRACE_MS = 60_000;
const SETTLE_MS = 3000;
/** Sources that nobody watched whose first picture is timed. */
const FIRST_PICTURES = 5;
/** Until every client of a crowd has its first picture. */
const READY_MS = 45_000;
const seconds = Number(values.seconds);
const crowdProgram = fileURLToPath(new URL("../support/mjpeg-crowd.js", import.meta.url));
const results: Record<string, unknown> = {};

const lifetime = new Lifetime();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void lifetime.close().then(() => process.exit(130)));
}

if (values.help) process.stdout.write(help);
else {
  try {
    const parts: Readonly<Record<string, () => Promise<unknown>>> = {
      age: ages,
      rtsp: rtspAges,
      clients: crowds,
      demand,
    };
    for (const part of values.parts.split(",")) {
      const run = parts[part];
      if (run === undefined) throw new Error(`There is no part "${part}".`);
      results[part] = await run();
    }
    print(
      `${cpus().length} cores ${cpus()[0]?.model}, Node ${process.version}, load average ${loadavg()[0]?.toFixed(1)}`,
    );
    if (values.json) writeFileSync(values.json, JSON.stringify(results, null, 1));
  } finally {
    await lifetime.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** How old the pictures of a 720p camera are when their last byte is at a client. */
async function ages(): Promise<unknown> {
  const own = lifetime.child();
  const camera = await startJpegCamera(own, FPS);
  const server = await serveCameras(own);
  const path = await server.addCamera("age", { kind: "mjpeg", url: `http://127.0.0.1:${camera}/` });
  const rows = {
    sightline: await agesOfStream(server, path),
    "ffmpeg -f mpjpeg": await agesOfPersistentFfmpeg(camera, seconds),
    "an ffmpeg per picture": await agesOfSpawnedFfmpeg(camera, seconds),
  };
  await own.close();
  return tellAges("age", rows);
}

/** How old the pictures of a 720p RTSP camera are, from its encoder to the last byte of a JPEG at a client. */
async function rtspAges(): Promise<unknown> {
  const told: Record<string, unknown> = {};
  for (const codec of ["mjpeg", "h264"] as const) {
    const own = lifetime.child();
    const camera = await startRtspCamera(own, codec, FPS);
    const server = await serveCameras(own);
    const path = `${await server.addCamera("age", { kind: "rtsp", url: camera.url, transport: "tcp" })}/mjpeg`;
    const rows = {
      sightline: await agesOfHubStream(camera, { ...server, path }, seconds),
      "ffmpeg -f mpjpeg": await agesOfPersistentRtsp(camera, seconds),
      "an ffmpeg per picture": await agesOfSpawnedRtsp(camera, seconds),
    };
    await own.close();
    told[codec] = tellAges(`age, RTSP ${codec}`, rows);
  }
  return told;
}

function tellAges(label: string, rows: Readonly<Record<string, number[]>>): object[] {
  return Object.entries(rows).map(([name, values]) => {
    const { p50, p95 } = quantiles(values);
    const rate = values.length / seconds;
    print(
      `${label}  ${name.padEnd(22)} p50 ${p50.toFixed(1)} ms  p95 ${p95.toFixed(1)} ms  ${rate.toFixed(1)} pictures/s`,
    );
    return { name, rate, ...quantiles(values) };
  });
}

async function agesOfStream(server: CameraServer, path: string): Promise<number[]> {
  const found: number[] = [];
  const client = openStream(server, `${path}/mjpeg`, (ageMs, repeat) => {
    if (ageMs !== undefined && !repeat) found.push(ageMs);
  });
  await pause(SETTLE_MS);
  found.length = 0;
  await pause(seconds * 1000);
  client.destroy();
  return found;
}

function openStream(
  { port, token }: CameraServer,
  path: string,
  listener: (ageMs: number | undefined, repeat: boolean) => void,
): ReturnType<typeof connect> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  const reader = new PartReader(({ ageMs, repeat }) => listener(ageMs, repeat));
  socket.on("data", (chunk) => reader.read(chunk));
  return socket;
}

/** What servers pay for clients of a 720p camera at 10 pictures a second. */
async function crowds(): Promise<unknown> {
  const rows: CrowdRow[] = [];
  const starters = [
    (own: Lifetime, camera: number) => startSightline(own, camera),
    (own: Lifetime, camera: number) => startGStreamer(own, camera).then((server) => ({ ...server, token: "" })),
    (own: Lifetime, camera: number) => startMotion(own, camera).then((server) => ({ ...server, token: "" })),
  ];
  for (const start of starters) {
    const own = lifetime.child();
    const camera = await startJpegCamera(own, FPS);
    try {
      const server = await start(own, camera);
      for (const count of values.clients.split(",").map(Number)) rows.push(await crowd(own, server, count));
    } catch (error) {
      // A rival that does not take so many clients is no reason to end.
      print(`clients  a server was not measured: ${error instanceof Error ? error.message : String(error)}`);
    }
    await own.close();
  }
  for (const name of new Set(rows.map((row) => row.name))) {
    const [first, last] = [rows.find((row) => row.name === name), rows.findLast((row) => row.name === name)];
    if (first === undefined || last === undefined || last.count <= first.count) continue;
    const each = (last.cores - first.cores) / (last.count - first.count);
    const all = last.fewest >= last.wanted - 1 ? "every client got every picture" : "clients missed pictures";
    print(
      `clients  ${name.padEnd(10)} ${(1 / each).toFixed(0)} clients per core (${(each * 100).toFixed(2)} % each; ${all})`,
    );
  }
  return rows;
}

type CrowdRow = MjpegCrowdReport & {
  readonly name: string;
  readonly count: number;
  readonly cores: number;
  /** Pictures that the camera sent meanwhile. */
  readonly wanted: number;
};

async function startSightline(own: Lifetime, camera: number): Promise<MjpegServer & { token: string }> {
  const server = await serveCameras(own, ["--mjpeg-clients", "1000", "--mjpeg-clients-per-source", "1000"]);
  const path = await server.addCamera("crowd", { kind: "mjpeg", url: `http://127.0.0.1:${camera}/` });
  return { name: "sightline", port: server.port, path: `${path}/mjpeg`, pid: server.pid, token: server.token };
}

async function crowd(own: Lifetime, server: MjpegServer & { token: string }, count: number): Promise<CrowdRow> {
  const life = own.child();
  const args = [crowdProgram, String(server.port), server.path, server.token, String(count)];
  const child = await startChild(life, process.execPath, args);
  try {
    await child.line((line) => (line === "ready" ? true : undefined), READY_MS);
  } catch (cause) {
    throw new Error(`not all of ${count} clients of ${server.name} were served within ${READY_MS / 1000} s.`, {
      cause,
    });
  }
  await pause(SETTLE_MS);
  const report = (): Promise<MjpegCrowdReport> => {
    const line = child.line((text) => (text.startsWith("{") ? (JSON.parse(text) as MjpegCrowdReport) : undefined));
    child.stdin.write("report\n");
    return line;
  };
  await report();
  const [cpu, atMs] = [cpuSecondsOfTrees([server.pid]), monotonicMs()];
  await pause(seconds * 1000);
  const found = await report();
  const tookSeconds = (monotonicMs() - atMs) / 1000;
  const cores = (cpuSecondsOfTrees([server.pid]) - cpu) / tookSeconds;
  await life.close();
  const row = { ...found, name: server.name, count, cores, wanted: Math.floor(tookSeconds * FPS) };
  const { fewest, most, wanted, ended, bytes, ageP50Ms, ageP95Ms } = row;
  const age = !Number.isFinite(ageP50Ms) ? "" : `  age p50 ${ageP50Ms.toFixed(1)} p95 ${ageP95Ms.toFixed(1)} ms`;
  const amount = `${(bytes / tookSeconds / 1e6).toFixed(0)} MB/s`;
  print(
    `clients  ${row.name.padEnd(10)} ${String(count).padStart(4)} clients  ${fewest} to ${most} of ${wanted} pictures, ${ended} ended  ${amount}  ${cores.toFixed(2)} cores${age}`,
  );
  return row;
}

/** How soon a first viewer has a picture of sources that nobody watched, of which each has a process to itself. */
async function firstPicturesMs(server: CameraServer, paths: readonly string[]): Promise<number[]> {
  const foundMs: number[] = [];
  for (const path of paths) {
    foundMs.push(await firstPictureMs(server, path));
    await pause(SETTLE_MS);
  }
  return foundMs;
}

/** As `firstPicturesMs`, where no process waits in reserve. */
async function coldPicturesMs(source: object): Promise<number[]> {
  const own = lifetime.child();
  const server = await serveCameras(own, ["--camera-spares", "0"]);
  const paths: string[] = [];
  for (let index = 0; index < FIRST_PICTURES; index += 1) {
    paths.push(await server.addCamera(`camera-${index + 1}`, source));
  }
  const foundMs = await firstPicturesMs(server, paths);
  await own.close();
  return foundMs;
}

/** How soon a first viewer has a picture, and what many sources cost. */
async function demand(): Promise<unknown> {
  const own = lifetime.child();
  const camera = await startJpegCamera(own, FPS);
  const server = await serveCameras(own);
  const source = { kind: "mjpeg", url: `http://127.0.0.1:${camera}/` };
  const paths: string[] = [];
  for (let index = 0; index < Number(values.sources); index += 1) {
    paths.push(await server.addCamera(`camera-${index + 1}`, source));
  }
  // Processes in reserve are started in the background.
  await pause(SETTLE_MS);
  const spareMs = await firstPicturesMs(server, paths.slice(0, FIRST_PICTURES));
  const runningMs: number[] = [];
  for (let index = 0; index < 10; index += 1) runningMs.push(await firstPictureMs(server, paths[0] as string));
  const coldMs = await coldPicturesMs(source);
  for (const [name, found] of Object.entries({
    "running source": runningMs,
    "idle source, a spare process": spareMs,
    "idle source, no spare process": coldMs,
  })) {
    const { p50, max } = quantiles(found);
    print(`demand  first picture  ${name.padEnd(29)} p50 ${p50.toFixed(1)} max ${max.toFixed(1)} ms`);
  }
  await untilIdle(server);
  const rows: object[] = [];
  for (const viewers of [0, 1, 50]) {
    const sockets = Array.from({ length: viewers }, (_, index) =>
      openStream(server, `${paths[index % paths.length]}/mjpeg`, () => {}),
    );
    await pause(viewers === 0 ? 0 : 3 * SETTLE_MS);
    const [cpu, atMs] = [cpuSecondsOfTrees([server.pid]), monotonicMs()];
    await pause(seconds * 1000);
    const cores = (cpuSecondsOfTrees([server.pid]) - cpu) / ((monotonicMs() - atMs) / 1000);
    const megabytes = proportionalMegabytesOfTrees([server.pid]);
    print(`demand  ${paths.length} sources, ${viewers} viewers: ${cores.toFixed(2)} cores, ${megabytes.toFixed(0)} MB`);
    rows.push({ viewers, cores, megabytes });
    for (const socket of sockets) socket.destroy();
    await untilIdle(server);
  }
  await own.close();
  return { runningMs, spareMs, coldMs, rows };
}

/** From the request until the last byte of the first picture. */
function firstPictureMs(server: CameraServer, path: string): Promise<number> {
  const startMs = monotonicMs();
  return new Promise((resolve, reject) => {
    const socket = openStream(server, `${path}/mjpeg`, () => {
      resolve(monotonicMs() - startMs);
      socket.destroy();
    });
    socket.once("close", () => reject(new Error("The stream ended before its first picture.")));
  });
}

/** Waits until the program has ended every camera that nobody watches. */
async function untilIdle(server: CameraServer): Promise<void> {
  const endMs = monotonicMs() + MAX_GRACE_MS;
  const isIdle = async (): Promise<boolean> => {
    const { sources } = (await (await server.ask("/api/sources")).json()) as {
      sources: { health?: { state: string } }[];
    };
    return sources.every(({ health }) => health === undefined || health.state === "idle");
  };
  while (!(await isIdle())) {
    if (monotonicMs() > endMs) throw new Error("Cameras run on though nobody watches.");
    await pause(500);
  }
}
