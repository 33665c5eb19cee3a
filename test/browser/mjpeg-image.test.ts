import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { ServedScreen } from "../support/served-screen.ts";

let screen: ServedScreen;
let chromium: Chromium;
beforeAll(async () => {
  screen = await ServedScreen.start({ width: 320, height: 240 });
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.close();
  await screen?.close();
});

it("an <img> shows a screen and every change of it, the last one too", async () => {
  const whole = { x: 0, y: 0, width: 320, height: 240 };
  screen.painter.fill(whole, 0xff0000);
  const page = await chromium.open(`http://127.0.0.1:${screen.port}/#token=${screen.token}`);
  await page.waitForFunction(async () => (await fetch("/api/sources")).ok);
  await page.goto(`http://127.0.0.1:${screen.port}/api/health`);
  await page.evaluate(() => {
    const image = document.createElement("img");
    image.src = "/api/sources/1/mjpeg?fps=15";
    document.body.append(image);
  });
  const colour = (): Promise<number[]> =>
    page.evaluate(() => {
      const image = document.querySelector("img") as HTMLImageElement;
      if (image.naturalWidth !== 320) return [];
      const context = new OffscreenCanvas(320, 240).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      return [...context.getImageData(160, 120, 1, 1).data.slice(0, 3)].map((value) => Math.round(value / 255));
    });
  for (const [paint, shown] of [
    [0xff0000, [1, 0, 0]],
    [0x00ff00, [0, 1, 0]],
    [0x0000ff, [0, 0, 1]],
  ] as const) {
    screen.painter.fill(whole, paint);
    while (String(await colour()) !== String(shown)) await pause(20);
  }
  expect(await page.evaluate(() => document.querySelector("img")?.complete)).toBeDefined();
  const gone = async (): Promise<boolean> => {
    const report = await page.evaluate(async () => (await fetch("/api/mjpeg")).json());
    return (report as { feeds: { clients: unknown[] }[] }).feeds.every(({ clients }) => clients.length === 0);
  };
  expect(await gone()).toBe(false);
  await page.evaluate(() => {
    const image = document.querySelector("img") as HTMLImageElement;
    image.src = "";
    image.remove();
  });
  while (!(await gone())) await pause(50);
});
