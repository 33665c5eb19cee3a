import { describe, expect, test } from "vitest";
import { addCamera, cameraApi, cameraState, fakeCamera, useCameraHubs } from "../support/camera-hub.ts";
import { upgradeStatus } from "../support/fake-viewer.ts";
import { makeLink, TOKEN } from "../support/test-hub.ts";

const hubs = useCameraHubs();
const { start, follow } = hubs;

/** What takes its time on a busy machine. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

describe("the API", () => {
  test("never gives credentials away: not in an answer, not in the log, not to viewers", async () => {
    const running = await start();
    const secret = "hunter2-very-secret";
    const source = { kind: "rtsp", url: `rtsp://someone:${secret}@192.0.2.1/live` };
    const added = await cameraApi(running.url, "POST", "", { name: "Yard", source, keepOpen: true });
    expect(added).toMatchObject({ status: 201, body: { id: "yard", hasCredentials: true } });
    expect(added.body.source).toEqual({ kind: "rtsp", url: "rtsp://192.0.2.1/live", transport: "auto" });
    const crash = fakeCamera("broken", "crash", { keepOpen: true, credentials: { username: "u", password: secret } });
    await addCamera(running, crash);
    const answers = [added.text];
    for (const path of ["", "/yard", "/export"]) answers.push((await cameraApi(running.url, "GET", path)).text);
    const wrong = { ...fakeCamera("x"), source: { kind: "rtsp", url: `ftp://a:${secret}@b/` } };
    answers.push((await cameraApi(running.url, "POST", "", wrong)).text);
    answers.push((await cameraApi(running.url, "POST", "/test", { ...crash, id: "new" })).text);
    await eventually(() => hubs.log.some((line) => line.includes("driver is broken"))).toBe(true);
    answers.push(JSON.stringify(running.sources()), ...hubs.log);
    // Between two attempts both cameras are starting for a moment.
    await eventually(async () => {
      const metrics = await fetch(`${running.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
      answers.push(await metrics.text());
      return answers.at(-1);
    }).toMatch(/^sightline_cameras\{state="recovering"\} [12]$/m);
    expect(answers.filter((text) => text.includes(secret))).toEqual([]);
    expect(answers.at(-1)).not.toContain("192.0.2.1");
  });

  test("keeps credentials that are not mentioned, and forgets them for null", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("door", "", { credentials: { username: "me", password: "x" } }));
    const renamed = fakeCamera("door", "", { name: "Door" });
    expect((await cameraApi(running.url, "PUT", "/door", renamed)).body.hasCredentials).toBe(true);
    expect((await cameraApi(running.url, "POST", "/test", renamed)).body).toMatchObject({
      delivery: { engineReason: "as me" },
    });
    const moved = fakeCamera("door", "width=100&height=100");
    expect((await cameraApi(running.url, "POST", "/test", moved)).body).toMatchObject({
      delivery: { engineReason: "no credentials" },
    });
    const cleared = await cameraApi(running.url, "PUT", "/door", { ...renamed, credentials: null });
    expect(cleared.body.hasCredentials).toBe(false);
  });

  test("tests a source in a process of its own, and says why it does not deliver", async () => {
    const running = await start({ cameraSpares: 0 });
    const good = await cameraApi(running.url, "POST", "/test", { source: { kind: "file", path: "fake?width=320" } });
    expect(good).toMatchObject({ status: 200, body: { delivery: { codec: "h264", width: 320, firstPictureMs: 5 } } });
    const down = await cameraApi(running.url, "POST", "/test", { source: { kind: "file", path: "fake?down" } });
    expect(down).toMatchObject({ status: 422, body: { error: expect.stringContaining("does not answer") } });
    const crash = await cameraApi(running.url, "POST", "/test", { source: { kind: "file", path: "fake?crash" } });
    expect(crash.body.error).toContain("the driver is broken");
    await eventually(() => running.cameraPids()).toEqual([]);
    expect(running.sources()).toEqual([]);
  });

  test("exports what it imports, all or nothing", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("door", "", { groups: ["a"], credentials: { username: "u", password: "p" } }));
    await addCamera(running, fakeCamera("gate"));
    const { cameras } = (await cameraApi(running.url, "GET", "/export")).body as { cameras: Array<{ id: string }> };
    expect(cameras.map(({ id }) => id)).toEqual(["door", "gate"]);
    await cameraApi(running.url, "DELETE", "/gate");
    const half = { cameras: [...cameras, { id: "no good" }] };
    const refused = await cameraApi(running.url, "POST", "/import", half);
    expect(refused).toMatchObject({ status: 400, body: { error: expect.stringMatching(/Camera 3.*Nothing was/s) } });
    expect(running.sources()).toHaveLength(1);
    const skipping = await cameraApi(running.url, "POST", "/import", { cameras });
    expect(skipping.body).toEqual({ added: 1, replaced: 0, skipped: 1 });
    const overwriting = await cameraApi(running.url, "POST", "/import", { cameras, mode: "overwrite" });
    expect(overwriting.body).toEqual({ added: 0, replaced: 2, skipped: 0 });
    expect((await cameraApi(running.url, "GET", "/door")).body).toMatchObject({ hasCredentials: true, groups: ["a"] });
  });

  test("is the administrator's, and refuses what cannot be", async () => {
    const camera = { camera: { ...fakeCamera("fixed"), groups: [], enabled: true, keepOpen: false } };
    const configured = { ...camera.camera, engine: "auto", hardware: true, motion: DEFAULT_MOTION };
    const running = await start({ cameras: [{ camera: configured as never, credentials: undefined }] });
    const link = await makeLink(running, ["view"]);
    const asViewer = await fetch(`${running.url}/api/cameras`, { headers: { authorization: `Bearer ${link}` } });
    expect(asViewer.status).toBe(403);
    expect((await fetch(`${running.url}/api/cameras`)).status).toBe(401);
    await addCamera(running, fakeCamera("door"));
    const statuses = await Promise.all([
      cameraApi(running.url, "POST", "", fakeCamera("door")),
      cameraApi(running.url, "PUT", "/door", fakeCamera("gate")),
      cameraApi(running.url, "PUT", "/fixed", fakeCamera("fixed")),
      cameraApi(running.url, "DELETE", "/fixed"),
      cameraApi(running.url, "POST", "", fakeCamera("export")),
      cameraApi(running.url, "POST", "", { ...fakeCamera("x"), source: { kind: "rtsp", url: "concat:/etc/passwd" } }),
      cameraApi(running.url, "POST", "", { ...fakeCamera("x"), source: { kind: "device", device: "-i" } }),
      cameraApi(running.url, "PUT", "/nothing", fakeCamera("nothing")),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([409, 400, 409, 409, 400, 400, 400, 404]);
    expect((await cameraApi(running.url, "GET", "/fixed")).body.origin).toBe("config");
  });
});

describe("events", () => {
  test("tell the sources that a person may see, and movements' views to who asked", async () => {
    const running = await start();
    await addCamera(running, fakeCamera("door"));
    await addCamera(running, fakeCamera("gate"));
    const all = await follow(running);
    const some = await follow(running, await makeLink(running, ["view"], ["gate/camera"]));
    const door = await all.source("door/camera");
    expect((await some.next("sources")).sources.map(({ path }) => path)).toEqual(["gate/camera"]);
    all.say({ type: "motion-view", source: door.id, on: true });
    expect((await all.next("motion-view")).source).toBe(door.id);
    const second = await follow(running);
    second.say({ type: "motion-view", source: door.id, on: true });
    await second.next("motion-view");
    all.say({ type: "motion-view", source: door.id, on: false });
    await second.next("motion-view");
    second.close();
    // Nobody looks any more, so the process is not needed either.
    await eventually(() => cameraState(running, "door")).toBe("idle");
    some.say({ type: "motion-view", source: door.id, on: true });
    expect(await some.closed).toBe(4000);
  });

  test("are for those who have a session, from the hub's own page", async () => {
    const running = await start();
    expect(await upgradeStatus(running.url, "/api/events", { origin: running.url })).toBe(401);
    const authorization = `Bearer ${TOKEN}`;
    expect(await upgradeStatus(running.url, "/api/events", { authorization, origin: "http://evil.example" })).toBe(403);
    expect(await upgradeStatus(running.url, "/api/events", { authorization })).toBe(101);
    expect(await upgradeStatus(running.url, "/api/cameras/none/publish", { authorization })).toBe(404);
  });
});

const DEFAULT_MOTION = {
  enabled: false,
  sensitivity: 50,
  minAreaPercent: 0.3,
  minFrames: 3,
  coolDownMs: 5000,
  zones: [],
};
