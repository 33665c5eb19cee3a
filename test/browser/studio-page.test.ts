import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { type FakeCamera, makeFakeCamera } from "../support/fake-camera.ts";
import { crashGpuProcess } from "../support/gpu-process.ts";
import { makeGreenClip } from "../support/green-clip.ts";
import { openStudio, type StudioDriver } from "../support/studio-page.ts";
import { startTestHub } from "../support/test-hub.ts";

const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));

type Rgb = readonly [number, number, number];
const GREEN: Rgb = [40, 180, 60];
const RED: Rgb = [200, 60, 50];
const BLUE: Rgb = [50, 70, 190];
const WHITE: Rgb = [235, 235, 235];
const SIZE = { width: 640, height: 360 };

/** A red box in the middle and a white one at the upper left, before a green screen. */
function cameraColor(x: number, y: number, width: number, height: number): Rgb {
  const [across, down] = [x / width, y / height];
  if (across > 0.35 && across < 0.65 && down > 0.35 && down < 0.65) return RED;
  return across < 0.2 && down < 0.2 ? WHITE : GREEN;
}

let camera: FakeCamera;
let hub: Hub;
let chromium: Chromium;
let state: string;

beforeAll(async () => {
  camera = await makeFakeCamera({ ...SIZE, pictures: [cameraColor, cameraColor] });
  state = await mkdtemp(join(tmpdir(), "sightline-state-"));
  hub = await startTestHub({ pageDirectory: BUILT_PAGE, stateFolder: state });
  chromium = await startChromium({ args: camera.args, viewport: { width: 1280, height: 720 } });
});
afterEach(async () => {
  for (const page of chromium.context.pages()) await page.close();
});
afterAll(async () => {
  await chromium.close();
  await hub.close();
  await camera.close();
  await rm(state, { recursive: true, force: true });
});

const KEY = { mode: "chroma", colors: [GREEN], similarity: 0.1, smoothness: 0.05, spill: 0.08 };

async function openWith(layer: Record<string, unknown>, search = "?engine=cpu"): Promise<StudioDriver> {
  const studio = await openStudio(chromium, hub.url, search);
  await change(studio, layer);
  return studio;
}

async function change(studio: StudioDriver, layer: Record<string, unknown>, scene: Record<string, unknown> = {}) {
  await studio.page.evaluate(
    ({ layer, scene, size }) => {
      const page = document.querySelector("studio-page") as unknown as { scene: Record<string, unknown> };
      const camera = { id: "camera", name: "Camera", source: { kind: "camera" }, ...layer };
      page.scene = { version: 1, name: "Test", ...size, background: [50, 70, 190], layers: [camera], ...scene };
    },
    { layer, scene, size: SIZE },
  );
}

function near(color: readonly number[] | undefined, expected: Rgb): boolean {
  return color !== undefined && expected.every((value, i) => Math.abs(value - (color[i] as number)) <= 10);
}

async function until(what: string, read: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    if (await read()) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect.fail(`There was no ${what}.`);
}

/** What the corners and the middle show, in the output: the self-view is not mirrored in these tests. */
async function expectColors(studio: StudioDriver, places: Array<readonly [number, number, Rgb]>): Promise<void> {
  let last: number[][] = [];
  await until(`picture like ${JSON.stringify(places)}`, async () => {
    last = await studio.colors(places.map(([x, y]) => [x, y]));
    return places.every(([, , color], i) => near(last[i], color));
  }).catch((error: unknown) => {
    throw new Error(`${String(error)} It was ${JSON.stringify(last)}.`);
  });
}

async function withoutSelfMirror(studio: StudioDriver): Promise<void> {
  await studio.onStage((stage) => {
    stage.selfMirror = false;
  });
}

describe("the camera", () => {
  it("is shown by the browser itself while nothing changes its pixels, and mirrored for the person only", async () => {
    const studio = await openWith({});
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [30, 30, WHITE],
      [320, 180, RED],
      [610, 330, GREEN],
    ]);
    await studio.onStage((stage) => {
      stage.selfMirror = true;
    });
    await expectColors(studio, [
      [610, 30, WHITE],
      [30, 30, GREEN],
    ]);
    expect(await studio.onStage((stage) => stage.meterReport?.latencyMs)).toBeUndefined();
  });

  it("is keyed over a background, and its delay is measured from its own timestamps", async () => {
    const studio = await openWith({ key: KEY });
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [30, 30, WHITE],
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await until("measured delay", () => studio.onStage((stage) => stage.meterReport?.fromCapture === true));
    const meter = await studio.onStage((stage) => stage.meterReport);
    expect(meter?.latencyMs?.p50).toBeGreaterThan(0);
    expect(meter?.latencyMs?.p50).toBeLessThan(1000);
    expect(meter?.copiesPerFrame).toBeGreaterThan(0);
  });

  it.each([0, 90, 180, 270] as const)("looks the same by element and by engine, turned by %s", async (rotation) => {
    const studio = await openWith({ rotation, placement: { fit: "stretch", x: 0, y: 0, scale: 1 } });
    await withoutSelfMirror(studio);
    const corners = { 0: [30, 30], 90: [610, 30], 180: [610, 330], 270: [30, 330] } as const;
    const [x, y] = corners[rotation];
    const mirrored: readonly [number, number, Rgb] = [SIZE.width - x, y, WHITE];
    await expectColors(studio, [
      [x, y, WHITE],
      [320, 180, RED],
    ]);
    const turned = { rotation, placement: { fit: "stretch", x: 0, y: 0, scale: 1 } };
    await change(studio, { ...turned, mirror: true });
    await expectColors(studio, [mirrored, [320, 180, RED]]);
    await change(studio, { ...turned, key: KEY });
    await expectColors(studio, [
      [x, y, WHITE],
      [320, 180, RED],
      [320, 20, BLUE],
    ]);
    await change(studio, { ...turned, mirror: true, key: KEY });
    await expectColors(studio, [mirrored, [320, 180, RED], [320, 20, BLUE]]);
  });

  it("finds its key by itself, by the person's pick, and shows its matte", async () => {
    const studio = await openWith({});
    const { page } = studio;
    await withoutSelfMirror(studio);
    await page.getByRole("radio", { name: "Chroma" }).click();
    await page.getByRole("button", { name: "Find the key by itself" }).click();
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await page.getByRole("button", { name: "Pick a key colour on the picture" }).click();
    const box = await studio.onStage((stage) => {
      const { x, y, width, height } = stage.sceneBox;
      return { x, y, width, height };
    });
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await expectColors(studio, [
      [320, 180, BLUE],
      [610, 330, GREEN],
    ]);
    await page.getByRole("radio", { name: "Matte" }).click();
    await expectColors(studio, [
      [320, 180, [0, 0, 0]],
      [610, 330, [255, 255, 255]],
    ]);
  });

  it("keeps only what is drawn around", async () => {
    const studio = await openWith({
      key: {
        ...KEY,
        shapes: [
          {
            kind: "rectangle",
            mode: "keep",
            points: [
              [0.3, 0.3],
              [0.7, 0.7],
            ],
          },
        ],
      },
    });
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [30, 30, BLUE],
      [320, 180, RED],
    ]);
  });
});

it("never reads a whole picture back, on the page or in the worker", async () => {
  const patch = `
    for (const [owner, name] of [
      [globalThis.CanvasRenderingContext2D, "getImageData"], [globalThis.OffscreenCanvasRenderingContext2D, "getImageData"],
      [globalThis.WebGL2RenderingContext, "readPixels"], [globalThis.WebGLRenderingContext, "readPixels"],
      [globalThis.GPUBuffer, "mapAsync"], [globalThis.HTMLCanvasElement, "toDataURL"], [globalThis.HTMLCanvasElement, "toBlob"],
      [globalThis.OffscreenCanvas, "convertToBlob"], [globalThis.OffscreenCanvas, "transferToImageBitmap"],
      ...(globalThis.document === undefined ? [] : [[globalThis.VideoFrame, "copyTo"]]),
    ]) {
      const original = owner?.prototype?.[name];
      if (original === undefined) continue;
      owner.prototype[name] = function (...args) { console.error("READBACK " + name); return original.apply(this, args); };
    }`;
  const context = chromium.context;
  await context.addInitScript(patch);
  await context.route("**/studio-worker*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${patch}\n${await response.text()}` });
  });
  const seen: string[] = [];
  const listen = (message: { text(): string }) => {
    if (message.text().startsWith("READBACK")) seen.push(message.text());
  };
  context.on("console", listen);
  try {
    for (const engine of ["", "?engine=cpu", "?engine=webgl"]) {
      const studio = await openWith({ key: KEY }, engine);
      await studio.untilDrawn();
      await studio.page.getByRole("button", { name: "Find the key by itself" }).click();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // Proves that a read would have been seen here.
      await studio.page.evaluate(() => new OffscreenCanvas(1, 1).getContext("2d")?.getImageData(0, 0, 1, 1));
      expect(seen).toEqual(["READBACK getImageData"]);
      seen.length = 0;
      await studio.page.close();
    }
  } finally {
    context.off("console", listen);
    await context.unroute("**/studio-worker*.js");
  }
});

describe("effects", () => {
  it("are keyed over the camera, once and looped, and leave its own element alone", async () => {
    const clip = await makeGreenClip(state, SIZE);
    const bytes = Array.from(clip);
    const studio = await openWith({});
    await withoutSelfMirror(studio);
    const url = await studio.page.evaluate(async (content) => {
      const body = new Blob([Uint8Array.from(content)], { type: "video/webm" });
      const response = await fetch("/api/studio/files", {
        method: "POST",
        headers: { "content-type": "video/webm" },
        body,
      });
      return ((await response.json()) as { url: string }).url;
    }, bytes);
    expect(url).toMatch(/^\/api\/studio\/files\/[0-9a-f]{64}\.webm$/);
    const effect = (play: string) => ({
      layers: [
        { id: "camera", name: "Camera", source: { kind: "camera" } },
        { id: "fx", name: "Boom", source: { kind: "video", url, play }, hotkey: "b", key: { ...KEY, similarity: 0.2 } },
      ],
    });
    await change(studio, {}, effect("loop"));
    await expectColors(studio, [
      [320, 180, RED],
      [30, 30, WHITE],
    ]);
    // A video that is moved or restarted stands still for a moment and drops frames.
    await studio.onStage((stage) => {
      const video = stage.shadowRoot?.querySelector<HTMLVideoElement>(".layer > video");
      if (video === null || video === undefined) throw new Error("The camera is not shown by an element.");
      const seen = { video, parent: video.parentElement, stream: video.srcObject, events: [] as string[] };
      for (const name of ["pause", "emptied", "loadstart"]) video.addEventListener(name, () => seen.events.push(name));
      Object.assign(window, { seen });
    });
    // The clip has a white bar at its lower edge, the rest is its screen.
    await studio.page.keyboard.press("b");
    await expectColors(studio, [
      [320, 350, WHITE],
      [320, 180, RED],
    ]);
    await studio.page.keyboard.press("b");
    await expectColors(studio, [
      [320, 350, GREEN],
      [320, 180, RED],
    ]);
    await change(studio, {}, effect("once"));
    await studio.page.getByRole("button", { name: /Boom b/ }).click();
    await until("effect", () => studio.onStage((stage) => stage.playing.has("fx")));
    await until("end of the effect", () => studio.onStage((stage) => !stage.playing.has("fx")));
    await expectColors(studio, [[320, 350, GREEN]]);
    expect(await studio.page.evaluate(untouched)).toEqual({ same: true, events: [] });
  });
});

describe("recovery", () => {
  it("goes on drawing while the page's main thread is blocked", async () => {
    const studio = await openWith({ key: KEY });
    await studio.untilDrawn();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const drawn = await studio.page.evaluate(async () => {
      const stage = document.querySelector("studio-page")?.shadowRoot?.querySelector("studio-stage") as unknown as {
        meterReport: unknown;
        onChange(listener: () => void): () => void;
      };
      const end = performance.now() + 2600;
      while (performance.now() < end) {
        // Nothing else gets this thread.
      }
      const reports: Array<{ drawnFps: number }> = [];
      const stop = stage.onChange(() => reports.push(stage.meterReport as { drawnFps: number }));
      await new Promise((resolve) => setTimeout(resolve, 300));
      stop();
      return reports.map(({ drawnFps }) => drawnFps);
    });
    // Reports of the blocked seconds wait for the page and are delivered together.
    expect(drawn.length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...drawn)).toBeGreaterThan(5);
  });

  it("says that the camera is gone, and shows it again by itself", async () => {
    const studio = await openWith({ key: KEY });
    await studio.untilDrawn();
    const lost = studio.page.getByRole("alert");
    await studio.onStage((stage) => {
      const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      let refusals = 2;
      navigator.mediaDevices.getUserMedia = (constraints) => {
        refusals -= 1;
        return refusals >= 0 ? Promise.reject(new DOMException("gone", "NotFoundError")) : original(constraints);
      };
      // What the browser does when the cable is pulled.
      stage.camera.track?.dispatchEvent(new Event("ended"));
    });
    await lost.waitFor();
    expect(await lost.textContent()).toMatch(/camera/i);
    await until("camera", () => studio.onStage((stage) => stage.camera.state.kind === "live"));
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
  });

  it("takes another engine when the graphics process ends", async () => {
    const studio = await openWith({ key: KEY }, "?engine=webgl");
    await studio.untilDrawn();
    expect(await studio.onStage((stage) => stage.engineReport?.engine)).toBe("webgl");
    crashGpuProcess();
    await until("drawing again", async () => {
      const [report, meter] = await studio.onStage((stage) => [stage.engineReport?.reason, stage.meterReport] as const);
      return /failed/.test(report ?? "") && (meter?.drawnFps ?? 0) > 0;
    });
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
  });

  it("is there again after nobody looked", async () => {
    const studio = await openWith({ key: KEY });
    await studio.untilDrawn();
    const other = await chromium.context.newPage();
    await other.bringToFront();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await other.close();
    await studio.page.bringToFront();
    await withoutSelfMirror(studio);
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
  });
});

describe("outputs", () => {
  it("shows a saved scene on a transparent page, follows its changes and plays its effects", async () => {
    const studio = await openWith({ key: KEY }, "?engine=cpu");
    await studio.page.getByRole("button", { name: "Save" }).click();
    await studio.page.waitForFunction(() => location.hash.startsWith("#scene="));
    const id = new URL(studio.page.url()).hash.slice("#scene=".length);
    await change(studio, { key: KEY }, { background: null });
    await studio.page.getByRole("button", { name: "Save" }).click();
    const output = await chromium.open(`${hub.url}/studio/output/${id}?engine=cpu`);
    await output.waitForFunction(() => {
      const stage = document.querySelector("studio-stage") as unknown as {
        scene: { background: unknown };
        meterReport?: { drawnFps: number };
      };
      return stage.scene.background === null && (stage.meterReport?.drawnFps ?? 0) > 0;
    });
    const shot = await output.screenshot({ omitBackground: true });
    const alphas = await output.evaluate(async (encoded) => {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext(
        "2d",
      ) as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      return [
        [640, 360],
        [1200, 600],
      ].map(([x = 0, y = 0]) => context.getImageData(x, y, 1, 1).data[3]);
    }, shot.toString("base64"));
    expect(alphas).toEqual([255, 0]);
  });

  it("records the composed scene to a file", async () => {
    const studio = await openWith({ key: KEY });
    await studio.untilDrawn();
    const download = studio.page.waitForEvent("download");
    await studio.page.getByRole("button", { name: "Record to a file" }).click();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await studio.page.getByRole("button", { name: "End the recording" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^Test .*\.(mp4|webm)$/);
    const seen = await import("node:fs/promises").then(async ({ stat }) => (await stat(await file.path())).size);
    expect(seen).toBeGreaterThan(2000);
  });
});

/** Whether the camera's element is the one that was noted before, in its place, and never stopped. */
function untouched(): { same: boolean; events: readonly string[] } {
  const { seen } = window as unknown as {
    seen: { video: HTMLVideoElement; parent: Element; stream: unknown; events: string[] };
  };
  const { video, parent, stream, events } = seen;
  const same = video.isConnected && video.parentElement === parent && video.srcObject === stream && !video.paused;
  return { same, events };
}
