import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { startXvfb } from "./x-server.ts";

// From dist/bench/support to dist/cli.
const program = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const cameraProgram = fileURLToPath(new URL("./jpeg-camera.js", import.meta.url));

/** `sightline serve` whose cameras the bench adds. */
export type CameraServer = {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
  /** Adds a camera by the API, with further fields where they are given. Returns the path of its source in URLs. */
  addCamera(id: string, source: object, more?: object): Promise<string>;
  removeCamera(id: string): Promise<void>;
  /** Asks for a picture or anything else. */
  ask(path: string): Promise<Response>;
};

/** Starts the program on a virtual screen that nobody watches; it ends with the lifetime. */
export async function serveCameras(lifetime: Lifetime, flags: readonly string[] = []): Promise<CameraServer> {
  const home = await mkdtemp(join(tmpdir(), "bench-cameras-"));
  lifetime.defer(() => rm(home, { recursive: true, force: true }));
  const xvfb = await startXvfb(lifetime);
  const args = [program, "serve", "--port", "0", "--state", home, "--display", xvfb.display, ...flags];
  const server = await startChild(lifetime, process.execPath, args);
  const url = new URL(await server.line((line) => /https?:\/\/\S+#token=\S+/.exec(line)?.[0]));
  const token = url.hash.replace("#token=", "");
  const api = async (method: string, path: string, body?: object): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${url.origin}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (method !== "GET" && !response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response;
  };
  return {
    ...{ port: Number(url.port), token, pid: server.pid },
    async addCamera(id, source, more = {}) {
      await api("POST", "/api/cameras", { id, name: id, source, ...more });
      return `/api/sources/${encodeURIComponent(`${id}/camera`)}`;
    },
    async removeCamera(id) {
      await api("DELETE", `/api/cameras/${id}`);
    },
    ask: (path) => api("GET", path),
  };
}

/** Starts a camera that serves MJPEG over HTTP. Returns its port. */
export async function startJpegCamera(lifetime: Lifetime, fps: number, width = 1280, height = 720): Promise<number> {
  const camera = await startChild(lifetime, process.execPath, [cameraProgram, ...[width, height, fps].map(String)]);
  return Number(await camera.line((line) => /^port (\d+)$/.exec(line)?.[1]));
}
