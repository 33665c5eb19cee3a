import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HttpCamera } from "../support/http-camera.ts";
import { SightlineProcess } from "../support/sightline-process.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const PASSWORD = "a-password-that-nobody-sees";

let folder: string;
let display: XServer;
let camera: HttpCamera;
let sightline: SightlineProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sightline-configured-"));
  display = await startXServer({ width: 320, height: 240 });
  camera = await new HttpCamera({ username: "viewer", password: PASSWORD, authentication: "digest" }).listen();
  const file = join(folder, "sightline.yaml");
  writeFileSync(
    file,
    `camera: { spares: 0 }
cameras:
  - id: front-door
    name: Front door
    groups: [outside]
    source: { kind: mjpeg, url: "${camera.url("/video")}" }
    credentials: { username: viewer, passwordVariable: DOOR_PASSWORD }
  - id: pattern
    name: Pattern
    source: { kind: test, width: 320, height: 180, fps: 10 }
`,
  );
  const flags = ["--port", "0", "--state", folder, "--display", display.display, "--log-level", "trace"];
  sightline = new SightlineProcess(["serve", "--config", file, ...flags], { DOOR_PASSWORD: PASSWORD });
});
afterAll(async () => {
  await sightline.dispose();
  await camera.close();
  await display.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("shows the cameras of a configuration file, and their passwords to nobody", async () => {
  const [, url = "", token = ""] = await sightline.waitFor(/Open\s+(\S+)\/#token=(\S+)/);
  const ask = (path: string, method = "GET"): Promise<Response> => {
    return fetch(`${url}/api/${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  };
  for (const id of ["front-door", "pattern"]) {
    const picture = await ask(`sources/${id}%2Fcamera/snapshot.jpg`);
    expect([id, picture.status, picture.headers.get("content-type")]).toEqual([id, 200, "image/jpeg"]);
  }
  expect(camera.refused).toBeGreaterThan(0);
  expect(camera.authorizations.join()).toContain('username="viewer"');
  const text = await (await ask("cameras")).text();
  expect(JSON.parse(text)).toMatchObject({
    cameras: [
      { id: "front-door", name: "Front door", groups: ["outside"], origin: "config", hasCredentials: true },
      { id: "pattern", origin: "config", hasCredentials: false },
    ],
  });
  expect((await ask("cameras/pattern", "DELETE")).status).toBe(409);
  const processes = sightline.descendants();
  expect(processes.filter(({ args }) => args.includes("camera"))).toHaveLength(2);
  const others = processes.filter(({ pid }) => pid !== sightline.child.pid);
  const told = [
    text,
    await (await ask("cameras/export")).text(),
    await (await ask("sources")).text(),
    sightline.output,
  ];
  for (const { args, environment } of others) told.push(args.join(" "), [...environment.values()].join(" "));
  expect(told.filter((each) => each.includes(PASSWORD))).toEqual([]);
});
