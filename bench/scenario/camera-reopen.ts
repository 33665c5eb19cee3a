import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicUs } from "../../src/node/index.ts";
import { cameraSchema, decodePicture, streamSettingsSchema } from "../../src/protocol/index.ts";
import { HttpCamera } from "../../test/support/http-camera.ts";
import { startRtspServer } from "../../test/support/rtsp-server.ts";
import { monotonicMs, pause } from "../support/monotonic.ts";

/**
 * A source that fails again and again: each kind is opened, delivers some pictures to a passed-on and an encoded rung and
 * to the motion detector, and is closed, hundreds of times in one process. Memory, open files, threads and children must
 * be flat. Then a camera cuts its connection now and then, and the time until its next picture is told: under two seconds.
 * `node scripts/bench.js scenario/camera-reopen [minutes] [kind]`, of which each kind gets a share, or one has them all.
 */
const openings = Math.max(24, 24 * Number(process.argv[2] ?? 10));
const only = process.argv[3];
const PICTURES = 3;
const SAMPLES = 12;
const BLINKS = 6;
const MAX_GROWTH_MB = 8;
const MAX_BLINK_MS = 2000;

type Sample = { readonly megabytes: number; readonly files: number; readonly threads: number };

// As it ships: a thread's worker is loaded from beside it.
const { CameraThread } = await program<typeof import("../../src/agent/camera/camera-thread.ts")>("camera-thread");
const { SourceKeeper } = await program<typeof import("../../src/agent/camera/source-keeper.ts")>("source-keeper");
const folder = await mkdtemp(join(tmpdir(), "sightline-reopen-"));
let failed = false;
try {
  await reopenAll();
  await blink();
} finally {
  await rm(folder, { recursive: true });
}
process.exit(failed ? 1 : 0);

async function reopenAll(): Promise<void> {
  const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-bf", "0"];
  const film = makeClip("film.mp4", h264);
  const jpegs = makeClip("film.avi", ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
  const hevc = makeClip("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none"]);
  const rtsp = await startRtspServer({ width: 640, height: 360, fps: 25 });
  const http = await new HttpCamera().listen();
  const test = { kind: "test", width: 640, height: 360 };
  await reopen("H.264 file", { kind: "file", path: film });
  await reopen("MJPEG file", { kind: "file", path: jpegs });
  await reopen("HEVC file", { kind: "file", path: hevc });
  await reopen("test picture", test);
  await reopen("RTSP", { kind: "rtsp", url: rtsp.url });
  // Its pictures are no more than a header, which is all that passing them on needs.
  await reopen("HTTP MJPEG", { kind: "mjpeg", url: http.url("/video") }, false);
  await reopen("ffmpeg program", { kind: "file", path: film }, true, "ffmpeg");
  await reopen("missing file", { kind: "file", path: join(folder, "none.mp4") });
  await rtsp.close();
  await http.close();
  await reopen("RTSP, refused", { kind: "rtsp", url: rtsp.url });
  await reopen("HTTP, refused", { kind: "mjpeg", url: http.url("/video") });
}

async function reopen(name: string, source: object, decodes = true, engine = "auto"): Promise<void> {
  if (only !== undefined && !name.startsWith(only)) return;
  const camera = cameraSchema.parse({ id: "reopened", name, source, engine, motion: { enabled: decodes } });
  const thread = new CameraThread();
  const seen = { pictures: new Map<number, number>(), closed: 0, failures: 0 };
  thread.onDied((reason) => {
    throw new Error(reason);
  });
  thread.onReport((report) => {
    if (report.type === "closed") seen.closed += 1;
    else if (report.type === "failed") seen.failures += 1;
    else if (report.type === "picture") {
      const { rung, sequence } = decodePicture(report.message);
      seen.pictures.set(rung, (seen.pictures.get(rung) ?? 0) + 1);
      thread.send({ type: "ack", rung, sequence });
    }
  });
  thread.send({ type: "camera", camera, credentials: undefined });
  const settings = streamSettingsSchema.parse({});
  const rungs = decodes ? [1, 2] : [1];
  for (const rung of rungs) {
    const codec = decodes && rung === 1 ? "h264" : "jpeg";
    thread.send({ type: "open-rung", request: { rung, codec, settings, credits: 3, budget: undefined } });
  }
  const samples: Sample[] = [];
  for (let opening = 1; opening <= openings; opening += 1) {
    const before = new Map(seen.pictures);
    const { failures, closed } = seen;
    thread.send({ type: "open-source" });
    const delivered = (): boolean =>
      rungs.every((rung) => (seen.pictures.get(rung) ?? 0) >= (before.get(rung) ?? 0) + PICTURES);
    await until(() => delivered() || seen.failures > failures, `${name}, opening ${opening}`);
    if (seen.failures === failures) {
      thread.send({ type: "close-source" });
      await until(() => seen.closed > closed, `${name}, closing ${opening}`);
    }
    if (opening % Math.ceil(openings / SAMPLES) === 0) samples.push(measure());
  }
  await thread.stop();
  tell(name, samples, seen.failures);
}

function tell(name: string, samples: readonly Sample[], failures: number): void {
  const half = samples.slice(Math.floor(samples.length / 2));
  const middle = Math.ceil(half.length / 2);
  const mean = (part: readonly Sample[]): number =>
    part.reduce((sum, { megabytes }) => sum + megabytes, 0) / part.length;
  const growth = mean(half.slice(middle)) - mean(half.slice(0, middle));
  const files = (samples.at(-1)?.files ?? 0) - (half[0]?.files ?? 0);
  const threads = (samples.at(-1)?.threads ?? 0) - (half[0]?.threads ?? 0);
  const isFlat = growth <= MAX_GROWTH_MB && files <= 0 && threads <= 0;
  failed ||= !isFlat;
  const memory = samples.map(({ megabytes }) => megabytes.toFixed(0)).join(" ");
  console.log(
    `${name.padEnd(16)} ${openings} openings, ${failures} failed: ${memory} MB, ${files} files and ${threads} threads more: ${isFlat ? "flat" : "NOT FLAT"}`,
  );
}

async function blink(): Promise<void> {
  const http = await new HttpCamera().listen();
  const camera = cameraSchema.parse({ id: "b", name: "B", source: { kind: "mjpeg", url: http.url("/video") } });
  const thread = new CameraThread();
  thread.send({ type: "camera", camera, credentials: undefined });
  const keeper = new SourceKeeper(thread, camera, { nowUs: monotonicUs, random: Math.random });
  keeper.start();
  await until(() => thread.pulse.pictures > 0, "the first picture");
  const times: number[] = [];
  for (let count = 0; count < BLINKS; count += 1) {
    // Long enough for the next failure to count as a first one.
    await pause(6000);
    http.blink();
    const startedMs = monotonicMs();
    await pause(20);
    const { pictures } = thread.pulse;
    await until(() => thread.pulse.pictures > pictures, "pictures after a blink");
    times.push(monotonicMs() - startedMs);
  }
  keeper.close();
  await thread.stop();
  await http.close();
  failed ||= Math.max(...times) > MAX_BLINK_MS;
  console.log(`back after a blink: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
}

function makeClip(name: string, output: readonly string[]): string {
  const path = join(folder, name);
  const input = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-t", "2"];
  execFileSync("ffmpeg", ["-v", "error", "-y", ...input, ...output, path]);
  return path;
}

function program<Module>(name: string): Promise<Module> {
  return import(new URL(`../../agent/camera/${name}.js`, import.meta.url).href) as Promise<Module>;
}

function measure(): Sample {
  const { rss } = process.memoryUsage();
  const count = (path: string): number => readdirSync(path).length;
  return { megabytes: rss / 1e6, files: count("/proc/self/fd"), threads: count("/proc/self/task") };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = monotonicMs() + 20_000;
  while (!condition()) {
    if (monotonicMs() > endMs) throw new Error(`It never happened: ${what}`);
    await pause(5);
  }
}
