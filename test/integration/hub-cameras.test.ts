import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Picture } from "../../dist/protocol/index.js";
import { addCamera, cameraApi, cameraState, fakeCamera, useCameraHubs } from "../support/camera-hub.ts";
import { pause } from "../support/events.ts";
import { PublishingPage } from "../support/publishing-page.ts";
import { makeLink, TOKEN } from "../support/test-hub.ts";

const hubs = useCameraHubs();
const { start, startWithoutProgram, connect, follow } = hubs;

/** What takes its time on a busy machine. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

function pidIn(picture: Picture): number {
  return new DataView(picture.payload.buffer, picture.payload.byteOffset).getUint32(0, true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isStopped(pid: number): boolean {
  return readFileSync(`/proc/${pid}/status`, "utf8").includes("\nState:\tT");
}

describe("on demand", () => {
  test("a camera is listed without a process, starts with its first viewer and ends a grace time after the last", async () => {
    const running = await start({ cameraSpares: 0 });
    await addCamera(running, fakeCamera("door", "width=800&height=600", { groups: ["yard"] }));
    expect(running.sources()).toMatchObject([
      { path: "door/camera", kind: "camera", groups: ["yard"], state: "live", width: 1280, health: { state: "idle" } },
    ]);
    expect(running.cameraPids()).toEqual([]);
    const viewer = await connect(running);
    const source = await viewer.sourceId("door/camera");
    await viewer.watch(source);
    expect(running.cameraPids()).toHaveLength(1);
    await eventually(() => cameraState(running, "door")).toBe("healthy");
    expect(running.sources()[0]).toMatchObject({ width: 800, height: 600, backend: "fake" });
    viewer.say({ type: "unwatch", watch: 1 });
    await eventually(() => running.cameraPids()).toEqual([]);
    expect(running.sources()[0]).toMatchObject({ state: "live", width: 800, health: { state: "idle" } });
  });

  test("a viewer that comes back within the grace time finds the same process", async () => {
    const running = await start({ timings: { cameraGraceMs: 5000 } });
    await addCamera(running, fakeCamera("door"));
    const viewer = await connect(running);
    const source = await viewer.sourceId("door/camera");
    await viewer.watch(source);
    const pid = pidIn(viewer.pictures.all.at(-1) as Picture);
    viewer.say({ type: "unwatch", watch: 1 });
    await pause(100);
    const rung = await viewer.watch(source);
    expect(pidIn(await viewer.pictures.next((picture) => picture.rung === rung))).toBe(pid);
  });

  test("spares wait while there are cameras, and are used first", async () => {
    const running = await start({ cameraSpares: 2 });
    expect(running.cameraPids()).toEqual([]);
    await addCamera(running, fakeCamera("door"));
    await eventually(() => hubs.log.filter((line) => line.includes("this spare is ready")).length).toBe(2);
    const spares = running.cameraPids();
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    expect(spares).toContain(pidIn(viewer.pictures.all[0] as Picture));
    await eventually(() => running.cameraPids().length).toBe(3);
    await cameraApi(running.url, "DELETE", "/door");
    await eventually(() => running.cameraPids()).toEqual([]);
  });

  test("one that is to be kept open, or watched for motion, runs without a viewer", async () => {
    const running = await start({ cameraSpares: 0 });
    await addCamera(running, fakeCamera("open", "", { keepOpen: true }));
    await addCamera(running, fakeCamera("moving", "", { motion: { enabled: true } }));
    await addCamera(running, fakeCamera("neither"));
    await eventually(() => cameraState(running, "open")).toBe("healthy");
    await eventually(() => cameraState(running, "moving")).toBe("healthy");
    expect(cameraState(running, "neither")).toBe("idle");
    expect(running.cameraPids()).toHaveLength(2);
    await cameraApi(running.url, "PUT", "/open", fakeCamera("open"));
    await eventually(() => cameraState(running, "open")).toBe("idle");
  });

  test("whoever joins a camera's own stream gets a picture at once, without a keyframe being asked for", async () => {
    const running = await start();
    // The second keyframe comes after 20 s.
    await addCamera(running, fakeCamera("door", "gop=1000"));
    const first = await connect(running);
    await first.watch(await first.sourceId("door/camera"));
    await first.pictures.next(({ sequence }) => sequence >= 5);
    const late = await connect(running);
    const rung = await late.watch(await late.sourceId("door/camera"));
    const [picture] = late.pictures.all;
    expect(picture).toMatchObject({ rung, sequence: 1, keyframe: true });
    await late.pictures.next(({ sequence }) => sequence >= 20);
    const sequences = late.pictures.all.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  });
});

describe("recovery", () => {
  test("a camera whose process was killed is back with honest health, and no other notices", async () => {
    const running = await start({ cameraSpares: 1 });
    // Slow enough that the time without it is told, whatever is told together.
    await addCamera(running, fakeCamera("door", "openMs=800"));
    await addCamera(running, fakeCamera("gate"));
    const events = await follow(running);
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    const other = await connect(running);
    const rung = await other.watch(await other.sourceId("gate/camera"));
    await eventually(() => cameraState(running, "door")).toBe("healthy");
    const pid = pidIn(viewer.pictures.all[0] as Picture);
    process.kill(pid, "SIGKILL");
    expect((await viewer.next("interrupted")).reason).toContain("SIGKILL");
    const watching = await viewer.next("watching");
    const picture = await viewer.pictures.next((candidate) => candidate.rung === watching.rung);
    expect(pidIn(picture)).not.toBe(pid);
    const lost = await events.source("door/camera", ({ health }) => health?.state === "recovering");
    expect(lost.health).toMatchObject({ attempt: 1, restarts: 1, detail: expect.stringContaining("SIGKILL") });
    const back = await events.source("door/camera", ({ health }) => health?.state === "healthy");
    expect(back.health).toMatchObject({ restarts: 1, detail: "", attempt: 0 });
    await other.pictures.next((candidate) => candidate.sequence > 10);
    expect(other.pictures.all.every((candidate) => candidate.rung === rung)).toBe(true);
    expect(other.told.all.filter(({ type }) => type === "interrupted")).toEqual([]);
  });

  test("one that hangs is replaced, too", async () => {
    const running = await start({ timings: { clockPingMs: 50 } });
    await addCamera(running, fakeCamera("door"));
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    const pid = pidIn(viewer.pictures.all[0] as Picture);
    process.kill(pid, "SIGSTOP");
    expect((await viewer.next("interrupted")).reason).toContain("no longer answers");
    const { rung } = await viewer.next("watching");
    expect(pidIn(await viewer.pictures.next((picture) => picture.rung === rung))).not.toBe(pid);
    await eventually(() => running.cameraPids()).not.toContain(pid);
  });

  test("after the whole machine stood still nothing is replaced", async () => {
    const running = await start({ timings: { clockPingMs: 100 } });
    await addCamera(running, fakeCamera("door"));
    const viewer = await connect(running);
    const rung = await viewer.watch(await viewer.sourceId("door/camera"));
    await eventually(() => cameraState(running, "door")).toBe("healthy");
    const pids = running.cameraPids();
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    await eventually(() => pids.every(isStopped)).toBe(true);
    spawn("sh", ["-c", `sleep 1; kill -CONT ${pids.join(" ")}`]);
    // The hub, too, for ten of its pings or more.
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (pids.some(isStopped)) Atomics.wait(cell, 0, 0, 20);
    const count = viewer.pictures.all.length;
    await eventually(() => viewer.pictures.all.length).toBeGreaterThan(count + 30);
    expect(running.cameraPids()).toEqual(pids);
    expect(viewer.pictures.all.every((picture) => picture.rung === rung)).toBe(true);
    expect(viewer.told.all.filter(({ type }) => type === "interrupted")).toEqual([]);
    expect(running.sources()[0]?.health?.restarts).toBe(0);
  });

  test("one that leaves its link, but ignores SIGTERM and has a child, is killed with its child and replaced", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("door", "stubborn=300"));
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    const pid = pidIn(viewer.pictures.all[0] as Picture);
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
    expect(child).toBeGreaterThan(0);
    expect((await viewer.next("interrupted")).reason).toContain("SIGKILL");
    await eventually(() => [pid, child].filter(isAlive)).toEqual([]);
    const { rung } = await viewer.next("watching");
    expect(pidIn(await viewer.pictures.next((picture) => picture.rung === rung))).not.toBe(pid);
  });

  test("one that crashes at every start is tried ever less often while it is watched, and not at all after", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("broken", "crash"));
    await addCamera(running, fakeCamera("door"));
    const events = await follow(running);
    const viewer = await connect(running);
    viewer.say({ type: "watch", watch: 9, source: await viewer.sourceId("broken/camera"), codecs: ["h264"] });
    const { health } = await events.source("broken/camera", (source) => (source.health?.attempt ?? 0) >= 3);
    expect(health?.state).toBe("recovering");
    expect(health?.detail).toContain("the driver is broken");
    expect(health?.retryAtUs).toBeGreaterThan(0);
    await viewer.watch(await (await connect(running)).sourceId("door/camera"));
    viewer.say({ type: "unwatch", watch: 9 });
    await eventually(() => cameraState(running, "broken")).toBe("idle");
    const restarts = running.sources().find(({ path }) => path === "broken/camera")?.health?.restarts;
    await pause(1200);
    expect(running.sources().find(({ path }) => path === "broken/camera")?.health?.restarts).toBe(restarts);
  });

  test("a source that is down keeps its one process, which says so", async () => {
    const running = await start({ cameraSpares: 0 });
    await addCamera(running, fakeCamera("door", "down"));
    const viewer = await connect(running);
    viewer.say({ type: "watch", watch: 1, source: await viewer.sourceId("door/camera"), codecs: ["h264"] });
    await eventually(() => cameraState(running, "door")).toBe("recovering");
    expect(running.sources()[0]?.health).toMatchObject({
      attempt: 3,
      detail: "The source does not answer.",
      restarts: 0,
    });
    const pids = running.cameraPids();
    expect(pids).toHaveLength(1);
    await pause(300);
    expect(running.cameraPids()).toEqual(pids);
  });

  test("an old process is replaced without a gap: the new one delivers before the old one ends", async () => {
    const running = await start({ timings: { cameraMaxAgeMs: 700 } });
    await addCamera(running, fakeCamera("door"));
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    const pid = pidIn(viewer.pictures.all[0] as Picture);
    const renewed = await viewer.pictures.next((picture) => pidIn(picture) !== pid);
    expect(renewed).toMatchObject({ keyframe: true, sequence: 1 });
    expect(viewer.told.all.filter(({ type }) => type === "interrupted")).toEqual([]);
    const ages = viewer.pictures.all.map(({ changeUs }) => changeUs);
    expect(ages).toEqual(ages.toSorted((a, b) => a - b));
    await eventually(() => running.cameraPids()).not.toContain(pid);
    expect(running.sources()[0]?.health?.restarts).toBe(0);
  });

  test("without a program for cameras they are listed, and say why they do not start", async () => {
    const running = await startWithoutProgram();
    await addCamera(running, fakeCamera("door", "", { keepOpen: true }));
    await eventually(() => running.sources()[0]?.health?.detail).toContain("without a program");
  });
});

describe("changes", () => {
  test("of the source begin anew while it is watched; of the name they do not", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("door"));
    const viewer = await connect(running);
    const source = await viewer.sourceId("door/camera");
    await viewer.watch(source);
    const pid = pidIn(viewer.pictures.all[0] as Picture);
    await cameraApi(running.url, "PUT", "/door", fakeCamera("door", "", { name: "Front door", groups: ["a"] }));
    expect((await viewer.next("notice")).text).toBe("settings of Front door");
    expect(running.sources()[0]).toMatchObject({ id: source, name: "Front door", groups: ["a"] });
    await cameraApi(running.url, "PUT", "/door", fakeCamera("door", "width=320&height=240"));
    expect((await viewer.next("interrupted")).reason).toContain("settings");
    const { rung } = await viewer.next("watching");
    expect(pidIn(await viewer.pictures.next((picture) => picture.rung === rung))).not.toBe(pid);
    await eventually(() => running.sources()[0]?.width).toBe(320);
    expect(running.sources()[0]?.health?.restarts).toBe(0);
  });

  test("removing or disabling a camera ends it for its viewers, and the name is free again", async () => {
    const running = await start({ cameraSpares: 0 });
    await addCamera(running, fakeCamera("door"));
    await addCamera(running, fakeCamera("gate"));
    const viewer = await connect(running);
    await viewer.watch(await viewer.sourceId("door/camera"));
    expect((await cameraApi(running.url, "DELETE", "/door")).status).toBe(200);
    expect((await viewer.next("unwatched")).reason).toBe("The camera was removed.");
    await cameraApi(running.url, "PUT", "/gate", fakeCamera("gate", "", { enabled: false }));
    expect(running.sources()).toEqual([]);
    await eventually(() => running.cameraPids()).toEqual([]);
    expect((await cameraApi(running.url, "GET", "/gate")).body).toMatchObject({ enabled: false, sourceId: null });
    expect((await cameraApi(running.url, "GET", "/door")).status).toBe(404);
    await addCamera(running, fakeCamera("door"));
    expect(running.sources()).toHaveLength(1);
  });

  test("last until the next start, with the size that was delivered", async () => {
    const first = await start({ cameraSpares: 0 });
    await addCamera(
      first,
      fakeCamera("door", "width=800&height=600", { keepOpen: true, credentials: { username: "me", password: "x" } }),
    );
    await eventually(() => cameraState(first, "door")).toBe("healthy");
    await first.close();
    const second = await start({ cameraSpares: 0 });
    expect(second.sources()).toMatchObject([{ path: "door/camera", width: 800, height: 600 }]);
    await eventually(() => second.sources()[0]?.health?.delivery?.engineReason).toBe("as me");
  });
});

describe("a camera that a page publishes", () => {
  test("delivers while the page is there, says when it is not, and takes the next page", async () => {
    const running = await start({ cameraSpares: 1 });
    await addCamera(running, { id: "phone", name: "Phone", source: { kind: "browser" } });
    expect(running.sources()[0]?.health).toMatchObject({ state: "idle", detail: "No page publishes it now." });
    expect(running.cameraPids()).toEqual([]);
    const viewer = await connect(running);
    viewer.say({ type: "watch", watch: 1, source: await viewer.sourceId("phone/camera"), codecs: ["h264"] });
    const page = await PublishingPage.connect(running.url, "phone", TOKEN);
    const rung = await page.openRung();
    page.picture(rung, 1, { keyframe: true });
    await viewer.pictures.next((picture) => picture.rung === rung);
    await eventually(() => cameraState(running, "phone")).toBe("healthy");
    page.link.close();
    expect((await viewer.next("interrupted")).reason).toContain("no longer publishes");
    await eventually(() => cameraState(running, "phone")).toBe("idle");
    const next = await PublishingPage.connect(running.url, "phone", TOKEN);
    const reopened = await next.openRung();
    next.picture(reopened, 1, { keyframe: true });
    await viewer.pictures.next((picture) => picture.rung === reopened);
    next.link.close();
    const link = await makeLink(running, ["view"]);
    await expect(PublishingPage.connect(running.url, "phone", link)).rejects.toThrow("403");
  });
});

describe("a wall", () => {
  test("of many cameras over one link: all deliver, and all end", async () => {
    const running = await start({ cameraSpares: 1 });
    const count = 10;
    const cameras = Array.from({ length: count }, (_, index) => fakeCamera(`camera-${index}`));
    expect((await cameraApi(running.url, "POST", "/import", { cameras })).body.added).toBe(count);
    const viewer = await connect(running);
    await viewer.sourceId("camera-9/camera");
    const ids = running.sources().map(({ id }) => id);
    for (const source of ids) viewer.say({ type: "watch", watch: source, source, codecs: ["h264"] });
    const seen = new Set<number>();
    while (seen.size < count) seen.add((await viewer.pictures.next()).rung);
    expect(new Set(viewer.pictures.all.map(pidIn)).size).toBe(count);
    viewer.close();
    await eventually(() => running.cameraPids().length).toBe(1);
  });
});
