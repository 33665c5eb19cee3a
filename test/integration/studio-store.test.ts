import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { openStore } from "../../dist/hub/store/index.js";
import { makeLink, startTestHub, TOKEN } from "../support/test-hub.ts";

let state: string;
let hub: Hub;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "sightline-state-"));
  hub = await startTestHub({ stateFolder: state });
});
afterEach(async () => {
  await hub.close();
  await rm(state, { recursive: true, force: true });
});

const SCENE = { version: 1, name: "Evening", width: 1280, height: 720, background: null, layers: [] };

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(`${hub.url}/api/studio${path}`, {
    method,
    headers: { origin: hub.url, ...json, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

describe("scenes", () => {
  it("are kept over a restart, changed, listed and deleted, without an account on this machine", async () => {
    const { id } = (await call("POST", "/scenes", { scene: SCENE })).body;
    expect(String(id)).toMatch(/^[\w-]{22}$/);
    await hub.close();
    hub = await startTestHub({ stateFolder: state });
    expect((await call("GET", `/scenes/${id}`)).body).toEqual({ id, name: "Evening", scene: SCENE });
    expect((await call("PUT", `/scenes/${id}`, { scene: { ...SCENE, name: "Morning" } })).status).toBe(200);
    expect((await call("GET", "/scenes")).body).toEqual({ scenes: [{ id, name: "Morning" }] });
    expect((await call("DELETE", `/scenes/${id}`)).status).toBe(200);
    expect((await call("GET", `/scenes/${id}`)).status).toBe(404);
    expect((await call("PUT", `/scenes/${id}`, { scene: SCENE })).status).toBe(404);
    expect((await call("POST", "/scenes", { scene: { name: "" } })).status).toBe(400);
  });

  it("tell the pages that follow them what is saved and played", async () => {
    const { id } = (await call("POST", "/scenes", { scene: SCENE })).body;
    const answer = await fetch(`${hub.url}/api/studio/scenes/${id}/events`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const untilSeen = async (what: string): Promise<void> => {
      while (!text.includes(what)) text += (await reader?.read())?.value ?? expect.fail("The events ended.");
    };
    await untilSeen(": following");
    await call("PUT", `/scenes/${id}`, { scene: { ...SCENE, width: 720 } });
    await call("POST", `/scenes/${id}/effects`, { layer: "fx", action: "play" });
    await untilSeen('"layer":"fx","action":"play"');
    expect(text).toContain('"type":"scene"');
    expect(text).toContain('"width":720');
    await reader?.cancel();
  });
});

/** A request that may name any host, which fetch does not allow. */
function statusFor(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(`${hub.url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("access", () => {
  it("is refused to pages of other sites, rebound names and visitors behind a proxy", async () => {
    const path = "/api/studio/scenes";
    const local = `localhost:${hub.port}`;
    expect(await statusFor(path, { host: local })).toBe(200);
    expect(await statusFor(path, { host: "evil.example" })).toBe(403);
    expect(await statusFor(path, { host: local, "x-forwarded-for": "203.0.113.9" })).toBe(401);
    expect(await statusFor(path, { host: local, forwarded: "for=203.0.113.9" })).toBe(401);
    expect((await call("POST", "/scenes", { scene: SCENE }, { origin: "https://evil.example" })).status).toBe(403);
  });

  it("takes a session where the hub has public names, and not that of a view-only link", async () => {
    await hub.close();
    hub = await startTestHub({ stateFolder: state, publicNames: ["hub.example"] });
    expect((await call("GET", "/scenes")).status).toBe(401);
    expect((await call("GET", "/scenes", undefined, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    const link = await makeLink(hub, ["view"]);
    expect((await call("GET", "/scenes", undefined, { authorization: `Bearer ${link}` })).status).toBe(401);
  });
});

describe("files", () => {
  const upload = (type: string, content: BodyInit) =>
    fetch(`${hub.url}/api/studio/files`, {
      method: "POST",
      headers: { "content-type": type, origin: hub.url },
      body: content,
    });

  it("are kept once under their hash and served in parts", async () => {
    const content = new Uint8Array(300_000).map((_, i) => i);
    const first = (await (await upload("video/mp4", content)).json()) as { url: string };
    const second = (await (await upload("video/mp4", content)).json()) as { url: string };
    expect(first).toEqual(second);
    expect(await readdir(join(state, "studio-files"))).toHaveLength(1);
    const part = await fetch(`${hub.url}${first.url}`, { headers: { range: "bytes=1000-1009" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-type")).toBe("video/mp4");
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(content.slice(1000, 1010));
  });

  it("are refused when a browser would run them", async () => {
    for (const type of ["text/html", "image/svg+xml", "application/javascript"]) {
      expect((await upload(type, "<script>alert(1)</script>")).status).toBe(415);
    }
    expect(await readdir(join(state, "studio-files"))).toEqual([]);
    const outside = await fetch(`${hub.url}/api/studio/files/..%2fsightline.db`);
    expect(outside.status).toBeGreaterThanOrEqual(400);
  });
});

it("refuses a database of a newer version and a file that is none", async () => {
  const newer = join(state, "newer.db");
  const store = openStore(newer);
  store.database.prepare("INSERT INTO migration (number, at) VALUES (999, 'later')").run();
  store.close();
  expect(() => openStore(newer)).toThrow(/newer version/);
  const broken = join(state, "broken.db");
  await writeFile(broken, "this is no database, but long enough to be taken for a header of one".repeat(20));
  expect(() => openStore(broken)).toThrow(/cannot be opened/);
});
