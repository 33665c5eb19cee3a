import { afterEach, expect, test } from "vitest";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { cameraApi, REAL_CAMERA, testPattern } from "../support/camera-hub.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub | undefined;
const viewers: FakeViewer[] = [];

/** What takes its time on a busy machine. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

afterEach(async () => {
  for (const viewer of viewers.splice(0)) viewer.close();
  await hub?.close();
  hub = undefined;
});

async function start(options: Partial<HubOptions> = {}): Promise<Hub> {
  hub = await startTestHub({
    cameraProcess: REAL_CAMERA,
    ...options,
    timings: { rungLingerMs: 20, cameraGraceMs: 200, cameraCheckMs: 100, ...options.timings },
  });
  return hub;
}

async function connect({ url }: Hub): Promise<FakeViewer> {
  const viewer = await FakeViewer.connect(url, TOKEN);
  viewers.push(viewer);
  return viewer;
}

test("a camera's process captures on demand, comes back after a crash and ends with its last viewer", async () => {
  const running = await start({ cameraSpares: 1 });
  expect((await cameraApi(running.url, "POST", "", testPattern("yard"))).status).toBe(201);
  const viewer = await connect(running);
  const source = await viewer.sourceId("yard/camera");
  await viewer.watch(source);
  await eventually(() => running.sources()[0]?.health?.state).toBe("healthy");
  expect(running.sources()[0]).toMatchObject({ width: 320, height: 240, health: { delivery: { engine: "libav" } } });
  await eventually(() => running.cameraPids().length).toBe(2);
  const [pid] = running.cameraPids();
  process.kill(pid as number, "SIGKILL");
  expect((await viewer.next("interrupted")).reason).toContain("SIGKILL");
  const { rung } = await viewer.next("watching");
  await viewer.pictures.next((picture) => picture.rung === rung && picture.keyframe);
  await eventually(() => running.sources()[0]?.health).toMatchObject({ state: "healthy", restarts: 1 });
  viewer.say({ type: "unwatch", watch: 1 });
  await eventually(() => running.sources()[0]?.health?.state).toBe("idle");
  await eventually(() => running.cameraPids().length).toBe(1);
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

test("an old process hands over to a new one while it is watched, and nobody is interrupted", async () => {
  const running = await start({ timings: { cameraMaxAgeMs: 2000 } });
  await cameraApi(running.url, "POST", "", testPattern("yard"));
  const viewer = await connect(running);
  const rung = await viewer.watch(await viewer.sourceId("yard/camera"));
  const pids = running.cameraPids();
  const renewed = await viewer.pictures.next((picture) => picture.rung !== rung);
  expect(renewed.keyframe).toBe(true);
  expect(viewer.told.all.filter(({ type }) => type === "interrupted")).toEqual([]);
  await eventually(() => running.cameraPids()).not.toContain(pids[0]);
});
