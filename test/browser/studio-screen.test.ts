import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { type ScriptedHub, startScriptedHub, TOKEN } from "../support/scripted-hub.ts";
import { encodeScenes } from "../support/scripted-stream.ts";
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
});
