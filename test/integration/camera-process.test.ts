import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { MjpegGateway } from "../../dist/gateways/index.js";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { cameraApi, REAL_CAMERA, testPattern } from "../support/camera-hub.ts";
import { EventReader } from "../support/event-reader.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { HttpCamera } from "../support/http-camera.ts";
import { MjpegClient } from "../support/mjpeg-client.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { testJpegs } from "../support/test-jpegs.ts";

let hub: Hub | undefined;
/** Processes that became a camera, in this order; spares are not among them. */
let cameraPids: number[] = [];
const viewers: FakeViewer[] = [];

/** What takes its time on a busy machine. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await hub?.close();
  hub = undefined;
});

async function start(options: Partial<HubOptions> = {}): Promise<Hub> {
  const pids: number[] = [];
  cameraPids = pids;
  hub = await startTestHub({
    cameraProcess: REAL_CAMERA,
    log: pino({ level: "debug" }, { write: (line) => noteCamera(pids, line) }),
    ...options,
    timings: { rungLingerMs: 20, cameraGraceMs: 200, cameraCheckMs: 100, ...options.timings },
  });
  return hub;
}

function noteCamera(pids: number[], line: string): void {
  const { msg, pid } = JSON.parse(line) as { msg: string; pid: number };
  if (msg === "This process is the camera now") pids.push(pid);
}

async function connect({ url }: Hub): Promise<FakeViewer> {
  const viewer = await FakeViewer.connect(url, TOKEN);
  viewers.push(viewer);
  return viewer;
}

/** The command line of a process; empty where there is none any more. */
function commandOf(pid: string | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("a camera's process captures on demand, comes back after a crash and ends with its last viewer", async () => {
  const running = await start({ cameraSpares: 1 });
  expect((await cameraApi(running.url, "POST", "", testPattern("yard"))).status).toBe(201);
  const viewer = await connect(running);
  const source = await viewer.sourceId("yard/camera");
  await viewer.watch(source);
  const health = { state: "healthy", delivery: { engine: "libav" } };
  await eventually(() => running.sources()[0]).toMatchObject({ width: 320, height: 240, health });
  await eventually(() => running.cameraPids().length).toBe(2);
  const [pid] = cameraPids;
  process.kill(pid as number, "SIGKILL");
  expect((await viewer.next("interrupted")).reason).toContain("SIGKILL");
  const { rung } = await viewer.next("watching");
  await viewer.pictures.next((picture) => picture.rung === rung && picture.keyframe);
  await eventually(() => running.sources()[0]?.health).toMatchObject({ state: "healthy", restarts: 1 });
  viewer.say({ type: "unwatch", watch: 1 });
  await eventually(() => running.sources()[0]?.health?.state).toBe("idle");
  await eventually(() => running.cameraPids().length).toBe(1);
});

test("the ffmpeg program ends with a camera's process that was killed", async () => {
  const running = await start({ cameraSpares: 0 });
  await cameraApi(running.url, "POST", "", testPattern("yard", { engine: "ffmpeg" }));
  const viewer = await connect(running);
  await viewer.watch(await viewer.sourceId("yard/camera"));
  await eventually(() => running.sources()[0]?.health?.delivery?.engine).toBe("ffmpeg");
  const [pid] = cameraPids;
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ");
  });
  const [child] = children.filter(Boolean);
  expect(commandOf(child)).toContain("ffmpeg");
  // One that hangs would outlive a closed pipe.
  process.kill(Number(child), "SIGSTOP");
  process.kill(pid as number, "SIGKILL");
  await eventually(() => commandOf(child)).toBe("");
});

test("the API tells what a source really delivers", async () => {
  const running = await start({ cameraSpares: 0 });
  const { status, body, text } = await cameraApi(running.url, "POST", "/test", testPattern("yard"));
  expect(status, text).toBe(200);
  expect(body.delivery).toMatchObject({ width: 320, height: 240, engine: "libav" });
  const missing = { name: "none", source: { kind: "file", path: "/nonexistent/film.mp4" } };
  const refused = await cameraApi(running.url, "POST", "/test", missing);
  expect(refused).toMatchObject({ status: 422 });
  expect(refused.body.error).toMatch(/No such file|cannot/i);
});

test("a user and a password among the parameters of an address are kept apart, and reach the camera", async () => {
  const password = "s&cret'{1";
  const camera = await new HttpCamera({ authentication: "query", username: "joe", password }).listen();
  try {
    const running = await start({ cameraSpares: 0 });
    const url = camera.url(`/snapshot?usr=joe&pwd=${encodeURIComponent(password)}&size=1`);
    const door = { id: "door", name: "Door", source: { kind: "snapshot", url } };
    const added = await cameraApi(running.url, "POST", "", door);
    const kept = { ...door.source, url: camera.url("/snapshot?usr={username}&pwd={password}&size=1") };
    expect(added.body).toMatchObject({ source: kept, hasCredentials: true });
    const again = await cameraApi(running.url, "PUT", "/door", { ...door, source: kept });
    expect(again.body).toMatchObject({ source: kept, hasCredentials: true });
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    const wrong = { ...door, id: "other", source: { ...door.source, url: url.replace("joe", "jim") } };
    const refused = await cameraApi(running.url, "POST", "/test", wrong);
    expect(refused).toMatchObject({ status: 422, body: { error: expect.stringContaining("user or password") } });
    expect(camera.refused).toBeGreaterThan(0);
  } finally {
    await camera.close();
  }
});

test("one connection to a camera serves clients of MJPEG, viewers of JPEG and of H.264, and the motion detector", async () => {
  const camera = await new HttpCamera({ pictures: testJpegs(320, 240, 10), intervalMs: 100 }).listen();
  const running = await start({ addGateways: (app, door) => new MjpegGateway(door, {}).addRoutes(app) });
  const events = await EventReader.connect(running.url, TOKEN);
  let client: MjpegClient | undefined;
  try {
    const source = { kind: "mjpeg", url: camera.url("/video") };
    const door = { id: "door", name: "Door", source, motion: { enabled: true } };
    expect((await cameraApi(running.url, "POST", "", door)).status).toBe(201);
    client = new MjpegClient(running.url, "/api/sources/door%2Fcamera/mjpeg", { authorization: `Bearer ${TOKEN}` });
    const [jpeg, h264] = [await connect(running), await connect(running)];
    jpeg.say({ type: "watch", watch: 1, source: await jpeg.sourceId("door/camera"), codecs: ["jpeg"] });
    h264.say({ type: "watch", watch: 1, source: await h264.sourceId("door/camera"), codecs: ["h264"] });
    await jpeg.pictures.next(({ kind }) => kind === "jpeg");
    await h264.pictures.next(({ kind }) => kind === "video");
    await client.until(() => (client?.fresh.length ?? 0) > 3, "several pictures");
    await events.next("motion");
    expect(camera.connections).toBe(1);
  } finally {
    client?.close();
    events.close();
    await camera.close();
  }
});

test("an old process hands over to a new one while it is watched, and nobody is interrupted", async () => {
  const running = await start({ timings: { cameraMaxAgeMs: 2000 } });
  await cameraApi(running.url, "POST", "", testPattern("yard"));
  const viewer = await connect(running);
  const rung = await viewer.watch(await viewer.sourceId("yard/camera"));
  const [pid] = cameraPids;
  const renewed = await viewer.pictures.next((picture) => picture.rung !== rung);
  expect(renewed.keyframe).toBe(true);
  expect(viewer.told.all.filter(({ type }) => type === "interrupted")).toEqual([]);
  await eventually(() => running.cameraPids()).not.toContain(pid);
});

test("a film's own H.264 reaches a late viewer at once, from its keyframe on, although the next one is far away", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sightline-film-"));
  const path = join(folder, "film.mp4");
  const input = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=40"];
  const codec = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-tune",
    "zerolatency",
    "-g",
    "1000",
    "-pix_fmt",
    "yuv420p",
  ];
  execFileSync("ffmpeg", ["-v", "error", ...input, ...codec, path]);
  const running = await start();
  await cameraApi(running.url, "POST", "", { id: "film", name: "Film", source: { kind: "file", path } });
  const first = await connect(running);
  const source = await first.sourceId("film/camera");
  const rung = await first.watch(source);
  await first.pictures.next(({ sequence }) => sequence >= 40);
  const late = await connect(running);
  expect(await late.watch(await late.sourceId("film/camera"))).toBe(rung);
  const begin = late.pictures.all[0];
  expect(begin).toMatchObject({ keyframe: true, sequence: first.pictures.all[0]?.sequence });
  expect(begin?.payload).toEqual(first.pictures.all[0]?.payload);
  await late.pictures.next(({ sequence }) => sequence >= 60);
  const sequences = late.pictures.all.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] as number) + index));
  rmSync(folder, { recursive: true });
});
