import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cameraApi, REAL_CAMERA } from "../support/camera-hub.ts";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { type ScriptedHub, startScriptedHub, TOKEN } from "../support/scripted-hub.ts";
import { encodeScenes } from "../support/scripted-stream.ts";
import { writeClip } from "../support/studio-clips.ts";
import {
  BLUE,
  expectColors,
  GREEN,
  isNear,
  RED,
  showScene,
  signIn,
  startStudioFixture,
  until,
  WHITE,
} from "../support/studio-fixture.ts";
import { driveStudio } from "../support/studio-page.ts";

const SIZE = { width: 320, height: 200 };
const BOX = { x: 100, y: 60, width: 120, height: 80 };

let hub: ScriptedHub;
let chromium: Chromium;

beforeAll(async () => {
  hub = await startScriptedHub();
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium.close();
  await hub.close();
});

it("shows a remote screen as a layer, and keys it like any other", async () => {
  const stream = encodeScenes(SIZE.width, SIZE.height, [
    { background: [40, 180, 60], boxes: [{ rect: BOX, colour: [200, 60, 50] }] },
    { background: [40, 180, 60], boxes: [{ rect: BOX, colour: [225, 225, 225] }] },
  ]);
  hub.addSource(stream);
  await (await chromium.open(`${hub.url}/#token=${TOKEN}`)).waitForFunction(() => document.title !== "");
  const page = await chromium.open(`${hub.url}/studio/index.html?engine=cpu`);
  const studio = driveStudio(page);
  const show = (key: object) =>
    page.evaluate(
      ({ key, size }) => {
        const layer = { id: "screen", name: "Screen", source: { kind: "sightline", path: "desk/screen-1" }, key };
        const studio = document.querySelector("studio-page") as unknown as { scene: unknown };
        studio.scene = { version: 1, name: "Test", ...size, background: [50, 70, 190], layers: [layer] };
      },
      { key, size: SIZE },
    );
  const shows = async (places: ReadonlyArray<readonly [number, number]>, colors: readonly number[][]) => {
    for (let i = 0; i < 50; i += 1) {
      const seen = await studio.colors(places);
      const worst = seen.flatMap((color, at) =>
        (colors[at] as number[]).map((value, part) => Math.abs(value - (color[part] as number))),
      );
      if (Math.max(...worst) < 14) return;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(await studio.colors(places)).toEqual(colors);
  };
  const places = [
    [160, 100],
    [20, 20],
  ] as const;
  await show({});
  await shows(places, [
    [200, 60, 50],
    [40, 180, 60],
  ]);
  // The frames go from worker to worker, past the page's main thread.
  await page.evaluate(readFromMain);
  await show({ mode: "chroma", colors: [[40, 180, 60]], similarity: 0.1, smoothness: 0.05, spill: 0.05 });
  await shows(places, [
    [200, 60, 50],
    [50, 70, 190],
  ]);
  hub.viewer.sendPicture(stream, 1, [BOX]);
  await shows(places, [
    [225, 225, 225],
    [50, 70, 190],
  ]);
  expect(await page.evaluate(() => (window as unknown as { frames: number }).frames)).toBe(0);
});

/** Counts frames that the page's main thread makes or streams that it takes from canvases. */
function readFromMain(): void {
  const counted = window as unknown as { frames: number };
  counted.frames = 0;
  window.VideoFrame = new Proxy(VideoFrame, {
    construct(target, args) {
      counted.frames += 1;
      return Reflect.construct(target, args);
    },
  });
  HTMLCanvasElement.prototype.captureStream = () => {
    counted.frames += 1;
    throw new Error("The page's main thread takes a stream from a canvas.");
  };
}

it("shows a camera of the hub as a layer, live and keyed, chosen by name", async () => {
  const fixture = await startStudioFixture({ hub: { cameraProcess: REAL_CAMERA } });
  try {
    const { hub, state } = fixture;
    // A film with a green screen and a bar that is red and white in turns, 16:9 in a scene that is not.
    const film = join(state, "film.mp4");
    const bt709 = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"];
    const coded = ["-vf", "scale=in_color_matrix=bt601:out_color_matrix=bt709", ...bt709];
    const size = { width: 320, height: 180 };
    writeClip(film, { ...size, changes: true }, [...coded, "-c:v", "libx264", "-g", "10", "-bf", "0"]);
    const added = await cameraApi(hub.url, "POST", "", {
      id: "film",
      name: "Film",
      source: { kind: "file", path: film },
    });
    expect(added.status).toBe(201);
    const studio = await fixture.open({});
    const { page } = studio;
    await signIn(studio);
    await showScene(studio, {}, { width: 480, height: 480, layers: [] });
    await page.getByRole("button", { name: "Add a layer" }).click();
    await page.getByRole("menuitem", { name: /Sightline screen or camera/ }).click();
    await until("chosen camera", async () =>
      /Film/.test((await page.getByRole("combobox", { name: "Shows" }).locator("option:checked").textContent()) ?? ""),
    );
    await page.getByRole("radio", { name: "Whole" }).click();
    // As the browser shows it, and keyed by a canvas: in the same place, and going on.
    const bar = async (color: readonly [number, number, number]) =>
      until("bar of another colour", async () => isNear((await studio.colors([[240, 365]]))[0], color));
    await expectColors(studio, [
      [240, 240, GREEN],
      [240, 80, BLUE],
    ]);
    await bar(RED);
    await bar(WHITE);
    await page.getByRole("radio", { name: "Chroma" }).click();
    await page.getByLabel("Similarity").fill("0.1");
    await page.getByLabel("First key colour").fill("#28b43c");
    await expectColors(studio, [
      [240, 240, BLUE],
      [240, 80, BLUE],
    ]);
    await bar(RED);
    await bar(WHITE);
  } finally {
    await fixture.close();
  }
});
