import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { type CameraServer, serveCameras } from "../support/camera-server.ts";
import { FlakyCamera } from "../support/flaky-camera.ts";
import { Lifetime } from "../support/lifetime.ts";
import { monotonicMs, pause } from "../support/monotonic.ts";
import { PartReader } from "../support/part-reader.ts";
import { processesOf, proportionalMegabytesOfTrees } from "../support/process-tree.ts";

/**
 * An hour of a camera watcher's day in minutes: cameras that restart, fall silent and refuse, clients that come, go and
 * stop to read. After each round everybody leaves, and what the program then holds is counted: its memory, its open files
 * and its processes. Ends with 1 when any of them has grown, or a camera was not seen again after its trouble.
 * `node scripts/bench.js scenario/cameras-soak [minutes]`
 */
const minutes = Number(process.argv[2] ?? 10);
const CAMERAS = 4;
const CLIENTS = 12;
const STEPS = 12;
const STEP_MS = 1000;
const RECOVERY_MS = 30_000;
const IDLE_MS = 60_000;
/** Rounds until everything was loaded and every pool has its size. */
const WARM_ROUNDS = 2;
const MAX_GROWTH = 1.1;
const MAX_MORE_FILES = 4;

type Sample = { readonly megabytes: number; readonly files: number; readonly processes: number };
type Client = { readonly socket: Socket; readonly camera: number; pictures: number };

let seed = 1;
const lifetime = new Lifetime();
try {
  process.exitCode = await soak();
} finally {
  await lifetime.close();
}

async function soak(): Promise<number> {
  const cameras = await Promise.all(Array.from({ length: CAMERAS }, () => FlakyCamera.start(lifetime)));
  const server = await serveCameras(lifetime, ["--camera-grace-seconds", "1", "--mjpeg-stalled-seconds", "3"]);
  const paths: string[] = [];
  for (const [index, { port }] of cameras.entries()) {
    paths.push(await server.addCamera(`soak-${index + 1}`, { kind: "mjpeg", url: `http://127.0.0.1:${port}/` }));
  }
  const samples: Sample[] = [];
  let unseen = 0;
  const endMs = monotonicMs() + minutes * 60_000;
  while (monotonicMs() < endMs || samples.length < WARM_ROUNDS + 3) {
    unseen += await round(server, cameras, paths);
    await untilIdle(server);
    const sample = measure(server.pid);
    samples.push(sample);
    const { megabytes, files, processes } = sample;
    console.log(
      `round ${samples.length}  ${megabytes.toFixed(0)} MB  ${files} files  ${processes} processes  ${unseen} unseen`,
    );
  }
  return verdict(samples.slice(WARM_ROUNDS), unseen);
}

/** Some seconds of everything going wrong, then of everything being well. Returns how many cameras were not seen again. */
async function round(server: CameraServer, cameras: readonly FlakyCamera[], paths: readonly string[]): Promise<number> {
  const clients = new Set<Client>();
  const join = (camera: number): Client => {
    const client = open(server, paths[camera] as string, camera);
    clients.add(client);
    client.socket.once("close", () => clients.delete(client));
    return client;
  };
  for (let step = 0; step < STEPS; step += 1) {
    const camera = cameras[chance(cameras.length)] as FlakyCamera;
    const trouble = chance(4);
    if (trouble === 0) camera.restart();
    else camera.mood = (["good", "silent", "busy"] as const)[trouble - 1] ?? "good";
    while (clients.size < CLIENTS) join(chance(cameras.length));
    const [leaves, stops] = [...clients].sort(() => chance(3) - 1);
    leaves?.socket.destroy();
    stops?.socket.pause();
    await pause(STEP_MS);
  }
  for (const camera of cameras) camera.mood = "good";
  for (const { socket } of clients) socket.destroy();
  const seen = await Promise.all(cameras.map((_camera, index) => isSeen(() => join(index))));
  for (const { socket } of clients) socket.destroy();
  return seen.filter((each) => !each).length;
}

/** Whether a client gets new pictures within the time that a camera has to come back. */
async function isSeen(join: () => Client): Promise<boolean> {
  const endMs = monotonicMs() + RECOVERY_MS;
  let client = join();
  while (monotonicMs() < endMs) {
    if (client.pictures >= 3) return true;
    await pause(100);
    if (client.socket.destroyed) client = join();
  }
  return false;
}

function open({ port, token }: CameraServer, path: string, camera: number): Client {
  const socket = connect(port, "127.0.0.1");
  const client: Client = { socket, camera, pictures: 0 };
  socket.on("error", () => {});
  // Of HTTP/1.0, so that an error ends the connection, too.
  socket.write(`GET ${path}/mjpeg HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  const reader = new PartReader(({ repeat, bytes }) => {
    if (!repeat && bytes > 0) client.pictures += 1;
  });
  socket.on("data", (chunk) => reader.read(chunk));
  return client;
}

/** Waits until no camera runs and no stream is open. */
async function untilIdle(server: CameraServer): Promise<void> {
  const endMs = monotonicMs() + IDLE_MS;
  for (;;) {
    const { sources } = (await (await server.ask("/api/sources")).json()) as {
      sources: { health?: { state: string } }[];
    };
    const { feeds } = (await (await server.ask("/api/mjpeg")).json()) as { feeds: unknown[] };
    const states = sources.flatMap(({ health }) => (health === undefined ? [] : [health.state]));
    if (feeds.length === 0 && states.every((state) => state === "idle")) break;
    if (monotonicMs() > endMs) throw new Error(`The program does not come to rest: ${states.join(", ")}.`);
    await pause(250);
  }
  // A process of a camera that has just ended is replaced in the pool.
  await pause(3 * STEP_MS);
}

function measure(pid: number): Sample {
  return {
    megabytes: proportionalMegabytesOfTrees([pid]),
    files: readdirSync(`/proc/${pid}/fd`).length,
    processes: processesOf([pid]).length,
  };
}

function verdict(samples: readonly Sample[], unseen: number): number {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const [first, last] = [samples.slice(0, third), samples.slice(-third)];
  const mean = (list: readonly Sample[], pick: (sample: Sample) => number): number =>
    list.reduce((sum, sample) => sum + pick(sample), 0) / list.length;
  const problems = [
    mean(last, ({ megabytes }) => megabytes) > mean(first, ({ megabytes }) => megabytes) * MAX_GROWTH && "memory grew",
    mean(last, ({ files }) => files) > mean(first, ({ files }) => files) + MAX_MORE_FILES && "files stay open",
    mean(last, ({ processes }) => processes) > mean(first, ({ processes }) => processes) && "processes stay",
    unseen > 0 && `${unseen} times a camera was not seen again`,
  ].filter((problem) => problem !== false);
  console.log(problems.length === 0 ? "flat" : problems.join("; "));
  return problems.length === 0 ? 0 : 1;
}

/** A whole number below `count`; the same ones in every run. */
function chance(count: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return (seed >>> 16) % count;
}
