import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Hub, HubOptions } from "../../dist/hub/index.js";
import { type Chromium, startChromium } from "./chromium.ts";
import { pause } from "./events.ts";
import { makeFakeCamera } from "./fake-camera.ts";
import { openStudio, type StudioDriver } from "./studio-page.ts";
import { startTestHub, TOKEN } from "./test-hub.ts";

export type Rgb = readonly [number, number, number];
export const GREEN: Rgb = [40, 180, 60];
export const RED: Rgb = [200, 60, 50];
export const BLUE: Rgb = [50, 70, 190];
export const WHITE: Rgb = [235, 235, 235];
/** Size of the camera's picture and of the scenes. */
export const SIZE = { width: 640, height: 360 };
/** Keys the camera's screen. */
export const KEY = { mode: "chroma", colors: [GREEN], similarity: 0.1, smoothness: 0.05, spill: 0.08 };

const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));

/** A red box in the middle and a white one at the upper left, before a green screen. */
function cameraColor(x: number, y: number, width: number, height: number): Rgb {
  const [across, down] = [x / width, y / height];
  if (across > 0.35 && across < 0.65 && down > 0.35 && down < 0.65) return RED;
  return across < 0.2 && down < 0.2 ? WHITE : GREEN;
}

/** A hub with the built studio, and a Chromium with a camera. */
export type StudioFixture = {
  readonly hub: Hub;
  readonly chromium: Chromium;
  /** Chromium's flags for the camera. */
  readonly camera: readonly string[];
  /** The hub's state folder. */
  readonly state: string;
  /** Opens the studio with a scene of the camera over blue. */
  open(layer?: Record<string, unknown>, search?: string): Promise<StudioDriver>;
  close(): Promise<void>;
};

export type StudioFixtureOptions = {
  readonly fps?: number;
  readonly args?: readonly string[];
  /** Chromium's flags for another camera. */
  readonly camera?: readonly string[];
  readonly hub?: Partial<HubOptions>;
};

/** Starts a fixture for the tests of a file, and closes every page after each of them. */
export function useStudioFixture(options: StudioFixtureOptions = {}): Omit<StudioFixture, "close"> {
  let started: StudioFixture | undefined;
  const fixture = (): StudioFixture => {
    if (started === undefined)
      throw new Error("The fixture starts before the first test, not while tests are collected.");
    return started;
  };
  beforeAll(async () => {
    started = await startStudioFixture(options);
  });
  afterEach(async () => {
    for (const page of fixture().chromium.context.pages()) await page.close();
  });
  afterAll(() => started?.close());
  return {
    get hub() {
      return fixture().hub;
    },
    get chromium() {
      return fixture().chromium;
    },
    get camera() {
      return fixture().camera;
    },
    get state() {
      return fixture().state;
    },
    open: (layer, search) => fixture().open(layer, search),
  };
}

export async function startStudioFixture(options: StudioFixtureOptions = {}): Promise<StudioFixture> {
  const camera = await makeFakeCamera({ ...SIZE, fps: options.fps ?? 30, pictures: [cameraColor, cameraColor] });
  const state = await mkdtemp(join(tmpdir(), "sightline-state-"));
  const hub = await startTestHub({ pageDirectory: BUILT_PAGE, stateFolder: state, ...options.hub });
  const args = [...(options.camera ?? camera.args), ...(options.args ?? [])];
  const chromium = await startChromium({ args, viewport: { width: 1280, height: 720 } });
  return {
    hub,
    chromium,
    camera: options.camera ?? camera.args,
    state,
    async open(layer = {}, search = "?engine=cpu") {
      const studio = await openStudio(chromium, hub.url, search);
      await showScene(studio, layer);
      await studio.onStage((stage) => {
        // The output, as others see it.
        stage.selfMirror = false;
      });
      return studio;
    },
    async close() {
      await chromium.close();
      await hub.close();
      await camera.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** Shows a scene with the camera changed by `layer`; `scene` replaces more of it. */
export async function showScene(
  { page }: StudioDriver,
  layer: Record<string, unknown> = {},
  scene: Record<string, unknown> = {},
): Promise<void> {
  await page.evaluate(
    ({ layer, scene, size }) => {
      const page = document.querySelector("studio-page") as unknown as { scene: Record<string, unknown> };
      const camera = { id: "camera", name: "Camera", source: { kind: "camera" }, ...layer };
      page.scene = { version: 1, name: "Test", ...size, background: [50, 70, 190], layers: [camera], ...scene };
    },
    { layer, scene, size: SIZE },
  );
}

/** Waits until something holds; fails with `what` when it never does, and with what there was instead. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  instead: () => unknown | Promise<unknown> = () => undefined,
): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await holds()) return;
    await pause(100);
  }
  const found = await instead();
  expect.fail(`There was no ${what}${found === undefined ? "" : `, but ${JSON.stringify(found)}`}.`);
}

/** Waits until places of the scene, in its pixels, have these colours. */
export async function expectColors(
  studio: StudioDriver,
  places: ReadonlyArray<readonly [x: number, y: number, color: Rgb]>,
): Promise<void> {
  let last: number[][] = [];
  await until(`picture like ${JSON.stringify(places)}`, async () => {
    last = await studio.colors(places.map(([x, y]) => [x, y]));
    return places.every(([, , color], i) => isNear(last[i], color));
  }).catch((error: unknown) => {
    throw new Error(`${String(error)} It was ${JSON.stringify(last)}.`);
  });
}

/** Waits until the camera is keyed: its box is there, and behind its screen the scene's blue. */
export function expectKeyed(studio: StudioDriver): Promise<void> {
  return expectColors(studio, [
    [320, 180, RED],
    [610, 330, BLUE],
  ]);
}

export function isNear(color: readonly number[] | undefined, expected: Rgb): boolean {
  return color !== undefined && expected.every((value, i) => Math.abs(value - (color[i] as number)) <= 10);
}

/** Keeps a file at the hub, as the page does. Returns its address. */
export async function keepFile({ page }: StudioDriver, bytes: Buffer, type: string): Promise<string> {
  return page.evaluate(
    async ({ encoded, type }) => {
      const body = new Blob([Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))], { type });
      const response = await fetch("/api/studio/files", { method: "POST", headers: { "content-type": type }, body });
      return ((await response.json()) as { url: string }).url;
    },
    { encoded: bytes.toString("base64"), type },
  );
}

/** Gives the page's browser the administrator's session. */
export async function signIn({ page }: StudioDriver): Promise<void> {
  const signedIn = await page.evaluate(async (token) => {
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/session", { method: "POST", headers, body: JSON.stringify({ token }) })).ok;
  }, TOKEN);
  expect(signedIn).toBe(true);
}

/** Where a place of the scene, in its pixels, lies in the window. */
export async function onScreen(studio: StudioDriver, [x, y]: readonly [number, number]): Promise<[number, number]> {
  const box = await studio.onStage((stage) => {
    const { x, y, width } = stage.sceneBox;
    return { x, y, scale: width / stage.scene.width };
  });
  return [box.x + x * box.scale, box.y + y * box.scale];
}
