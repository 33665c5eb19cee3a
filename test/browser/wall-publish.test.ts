import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { type FakeCamera, makeFakeCamera } from "../support/fake-camera.ts";
import { FakeViewer } from "../support/fake-viewer.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";

const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));
const GREEN = [40, 180, 60] as const;
const RED = [200, 60, 50] as const;

let camera: FakeCamera;
let hub: Hub;
let chromium: Chromium;

beforeAll(async () => {
  // The left half is green, the right one red.
  const halves = (x: number, _y: number, width: number) => (x < width / 2 ? GREEN : RED);
  camera = await makeFakeCamera({ width: 640, height: 360, pictures: [halves, halves] });
  hub = await startTestHub({ pageDirectory: BUILT_PAGE });
  chromium = await startChromium({ args: camera.args, viewport: { width: 1000, height: 700 } });
});
afterAll(async () => {
  await chromium.close();
  await hub.close();
  await camera.close();
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (await holds()) return;
    await pause(100);
  }
  expect.fail(`It did not come to ${what}.`);
}

/** R, G, B of two points of the only tile, as the page shows it. */
async function coloursOf(page: Page): Promise<number[][]> {
  const shot = await page.locator("wall-tile[enlarged]").screenshot({ scale: "css" });
  return page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    return [0.25, 0.75].map((share) => {
      const pixel = context?.getImageData(bitmap.width * share, bitmap.height / 2, 1, 1).data ?? [];
      return [...pixel].slice(0, 3);
    });
  }, shot.toString("base64"));
}

function near(colour: readonly number[] | undefined, expected: readonly number[]): boolean {
  return expected.every((value, at) => Math.abs(value - (colour?.[at] ?? 999)) < 25);
}

it("publishes the browser's camera, and others see it as video or as JPEGs", async () => {
  const publisher = await chromium.open(`${hub.url}/wall/#token=${TOKEN}`);
  await publisher.getByRole("button", { name: "More" }).click();
  await publisher.getByRole("menuitem", { name: "Use this device's camera" }).click();
  await publisher.getByLabel("Name").fill("Phone");
  await publisher.getByRole("button", { name: "Start" }).click();
  await publisher.getByText("Nobody watches now").or(publisher.getByText("It is being watched")).waitFor();

  const page = await chromium.open(`${hub.url}/wall/`);
  const label = async () => String(await page.locator("wall-tile .open").getAttribute("aria-label"));
  await until("a live tile", async () => /Live/.test(await label()));
  await page.locator("wall-tile .open").click();
  await until("the camera's picture", async () => {
    const [left, right] = await coloursOf(page);
    return near(left, GREEN) && near(right, RED);
  });

  const program = await FakeViewer.connect(hub.url, TOKEN);
  const source = await program.sourceId("phone/camera");
  program.say({ type: "watch", watch: 1, source, codecs: ["jpeg"], maxWidth: 320 });
  const picture = await program.pictures.next(({ sequence }) => sequence > 2);
  expect([...picture.payload.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  expect([picture.width, picture.height]).toEqual([320, 180]);
  program.socket.close();

  await publisher.close();
  await until("a tile that says so", async () => !/Live/.test(await label()));
  await page.close();
});

it("publishes JPEGs where the browser has no video encoder and no stream of a camera's frames", async () => {
  const publisher = await chromium.context.newPage();
  const encoders: Promise<string>[] = [];
  publisher.on("worker", (worker) => {
    const poorer = (): string => {
      Reflect.deleteProperty(self, "VideoEncoder");
      return typeof VideoEncoder;
    };
    encoders.push(worker.evaluate(poorer));
  });
  await publisher.addInitScript(() => Reflect.deleteProperty(globalThis, "MediaStreamTrackProcessor"));
  await publisher.goto(`${hub.url}/wall/`);
  await publisher.getByRole("button", { name: "More" }).click();
  await publisher.getByRole("menuitem", { name: "Use this device's camera" }).click();
  await publisher.getByLabel("Publish as").selectOption({ label: "A new camera" });
  await publisher.getByLabel("Name").fill("Tablet");
  await publisher.getByRole("button", { name: "Start" }).click();
  await publisher.getByText("Nobody watches now").or(publisher.getByText("It is being watched")).waitFor();
  expect(await Promise.all(encoders)).toEqual(["undefined", "undefined"]);

  const page = await chromium.open(`${hub.url}/wall/`);
  const tile = page.locator("wall-tile").filter({ hasText: "Tablet" });
  await until("a live tile", async () => /Live/.test(String(await tile.locator(".open").getAttribute("aria-label"))));
  await tile.locator(".open").click();
  await until("the camera's picture", async () => {
    const [left, right] = await coloursOf(page);
    return near(left, GREEN) && near(right, RED);
  });
  expect(await page.locator("wall-tile[enlarged] .state").textContent()).toMatch(/640 × 360 .* JPEG/);
  await page.close();
  await publisher.close();
});

it("refuses a page of somebody who may only view", async () => {
  const response = await fetch(`${hub.url}/api/links`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ grants: ["view"] }),
  });
  const { token } = (await response.json()) as { token: string };
  await chromium.context.clearCookies();
  const page = await chromium.open(`${hub.url}/wall/#token=${token}`);
  await page.locator("wall-tile").first().waitFor();
  expect(await page.getByRole("button", { name: "Cameras" }).count()).toBe(0);
  const code = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/cameras/phone/publish`);
        socket.onopen = () => resolve(0);
        socket.onclose = (event) => resolve(event.code);
      }),
  );
  expect(code).toBe(1006);
});
