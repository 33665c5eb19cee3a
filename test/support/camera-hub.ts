import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect } from "vitest";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { EventReader } from "./event-reader.ts";
import { FakeViewer } from "./fake-viewer.ts";
import { startTestHub, TOKEN } from "./test-hub.ts";

/** The process of a camera without a camera, for `HubOptions.cameraProcess`. */
export const FAKE_CAMERA: NonNullable<HubOptions["cameraProcess"]> = {
  command: process.execPath,
  args: [join(import.meta.dirname, "fake-camera-program.js")],
  env: {},
};

/** A camera of the fake program; `wish` is what it does, such as "gop=30". */
export function fakeCamera(id: string, wish = "", more: object = {}): { id: string } & Record<string, unknown> {
  return { id, name: `Camera ${id}`, source: { kind: "file", path: `fake?${wish}` }, ...more };
}

/** Asks the API of cameras as the administrator. */
export async function cameraApi(
  url: string,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
  const response = await fetch(`${url}/api/cameras${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, text };
}

/** The real process of a camera, as the program starts it. */
export const REAL_CAMERA: NonNullable<HubOptions["cameraProcess"]> = {
  command: process.execPath,
  args: [join(import.meta.dirname, "../../dist/cli/main.js"), "camera", "--pipe"],
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
};

/** A camera with a generated picture, for the real process. */
export function testPattern(id: string, more: object = {}): { id: string } & Record<string, unknown> {
  return { id, name: `Pattern ${id}`, source: { kind: "test", width: 320, height: 240, fps: 20 }, ...more };
}

/** Hubs with cameras of the fake program, in quick time. What a test starts and connects ends with it. */
export type CameraHubs = {
  /** Starts a hub; another one in the same test has the same state folder. */
  start(options?: Partial<HubOptions>): Promise<Hub>;
  startWithoutProgram(): Promise<Hub>;
  connect(hub: Hub): Promise<FakeViewer>;
  follow(hub: Hub, token?: string): Promise<EventReader>;
  /** Every line that the newest hub wrote. */
  readonly log: readonly string[];
};

/** Registers what begins and ends each test of the file. */
export function useCameraHubs(): CameraHubs {
  let hub: Hub | undefined;
  let log: string[] = [];
  let folder = "";
  const clients: Array<FakeViewer | EventReader> = [];
  const keep = <T extends FakeViewer | EventReader>(client: T): T => {
    clients.push(client);
    return client;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sightline-cameras-"));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await hub?.close();
    hub = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    async startWithoutProgram() {
      hub = await startTestHub({ stateFolder: folder });
      return hub;
    },
    async start(options = {}) {
      const lines: string[] = [];
      log = lines;
      hub = await startTestHub({
        cameraProcess: FAKE_CAMERA,
        stateFolder: folder,
        log: pino({ level: "trace" }, { write: (line) => void lines.push(line) }),
        ...options,
        timings: { rungLingerMs: 20, cameraGraceMs: 150, cameraCheckMs: 50, ...options.timings },
      });
      return hub;
    },
    connect: async ({ url }) => keep(await FakeViewer.connect(url, TOKEN)),
    follow: async ({ url }, token = TOKEN) => keep(await EventReader.connect(url, token)),
    get log() {
      return log;
    },
  };
}

/** Adds a camera as the administrator. */
export async function addCamera({ url }: Hub, camera: object): Promise<void> {
  const { status, text } = await cameraApi(url, "POST", "", camera);
  expect(status, text).toBe(201);
}

/** State of a camera's health, undefined before the hub knows it. */
export function cameraState(hub: Hub, id: string): string | undefined {
  return hub.sources().find(({ path }) => path === `${id}/camera`)?.health?.state;
}
