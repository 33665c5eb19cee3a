import { beforeAll, expect, it } from "vitest";
import { SOFTWARE_GPU } from "../support/chromium.ts";
import { makeClip } from "../support/studio-clips.ts";
import {
  expectColors,
  KEY,
  keepFile,
  onScreen,
  RED,
  SIZE,
  showScene,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";

/** Reports every read of pixels; of copies out of frames, how large they are. In the page and in the worker. */
const WATCH_READS = `
  for (const [owner, name] of [
    [globalThis.CanvasRenderingContext2D, "getImageData"], [globalThis.OffscreenCanvasRenderingContext2D, "getImageData"],
    [globalThis.WebGL2RenderingContext, "readPixels"], [globalThis.WebGLRenderingContext, "readPixels"],
    [globalThis.GPUBuffer, "mapAsync"], [globalThis.HTMLCanvasElement, "toDataURL"], [globalThis.HTMLCanvasElement, "toBlob"],
    [globalThis.OffscreenCanvas, "convertToBlob"], [globalThis.OffscreenCanvas, "transferToImageBitmap"],
    [globalThis, "createImageBitmap"], [globalThis.VideoFrame, "copyTo"],
  ]) {
    const home = owner === globalThis ? owner : owner?.prototype;
    const original = home?.[name];
    if (original === undefined) continue;
    home[name] = function (...args) {
      const { width, height } = args[1]?.rect ?? {};
      const size = name === "copyTo" ? " " + width + "x" + height : "";
      console.error("READ " + name + size + (globalThis.document ? " page" : " worker"));
      return original.apply(this, args);
    };
  }
  if (!globalThis.document) console.error("READ watched worker");`;
/** Of another size than the camera, so that their copies can be told apart. */
const CLIP = { width: 320, height: 180 };
/** The screen of the clip: video of so small a size is taken to be in another matrix. */
const CLIP_GREEN = [52, 178, 60] as const;
const BEHIND = [
  [320, 352, WHITE],
  [320, 180, RED],
] as const;
const WATCHED = "watched worker";
/** Each engine takes the bytes of a frame once, in the worker, on their way up. */
const UPLOAD = `copyTo ${SIZE.width}x${SIZE.height} worker`;

const seen: string[] = [];
const take = () => seen.splice(0);
const fixture = useStudioFixture({ args: SOFTWARE_GPU });

beforeAll(async () => {
  const { context } = fixture.chromium;
  await context.addInitScript(WATCH_READS);
  await context.route("**/studio-worker*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${WATCH_READS}\n${await response.text()}` });
  });
  context.on("console", (message) => {
    if (message.text().startsWith("READ ")) seen.push(message.text().slice("READ ".length));
  });
});

it.each(["cpu", "webgl", "webgpu"])(
  "reads a few pixels on demand and nothing else, with the engine %s",
  async (engine) => {
    take();
    const studio = await fixture.open({ key: KEY }, `?engine=${engine}`);
    const { page } = studio;
    await studio.untilDrawn();
    expect(await studio.onStage((stage) => stage.engineReport?.engine)).toBe(engine);
    const instead = async () => [seen, await studio.onStage(({ meterReport }) => meterReport)];
    await until("several frames", () => seen.filter((read) => read === UPLOAD).length > 2, instead);
    expect(new Set(take())).toEqual(new Set([WATCHED, UPLOAD]));
    await page.getByRole("button", { name: "Pick a key colour on the picture" }).click();
    await page.mouse.click(...(await onScreen(studio, [320, 180])));
    await until("pick", () => seen.some((read) => read !== UPLOAD));
    expect(take().filter((read) => read !== UPLOAD)).toEqual(["copyTo 8x8 worker"]);
    await page.getByRole("button", { name: "Find the key by itself" }).click();
    await until("look at the border", () => seen.filter((read) => read !== UPLOAD).length === 3);
    const border = take().filter((read) => read !== UPLOAD);
    expect(border).toEqual(["copyTo 640x20 worker", "copyTo 20x250 worker", "copyTo 20x250 worker"]);
    // Proves that a read on the page would have been seen.
    await page.evaluate(() => new OffscreenCanvas(1, 1).getContext("2d")?.getImageData(0, 0, 1, 1));
    await until("read that is seen", () => seen.includes("getImageData page"));
  },
);

it.each(["cpu", "webgl"])(
  "reads no more with a video behind, an effect in front and a recording, with the engine %s",
  async (engine) => {
    const studio = await fixture.open({ key: KEY }, `?engine=${engine}`);
    const { page } = studio;
    const url = await keepFile(studio, await makeClip(fixture.state, CLIP), "video/webm");
    const video = (id: string, play: string, more: object = {}) => ({
      ...{ id, name: id, source: { kind: "video", url, play } },
      ...more,
    });
    const camera = { id: "camera", name: "Camera", source: { kind: "camera" }, key: KEY };
    const effect = video("effect", "loop", { key: { ...KEY, similarity: 0.2 }, rotation: 180 });
    await showScene(studio, {}, { layers: [video("behind", "always"), camera, effect] });
    // The bar of the video behind is seen through the camera's screen, that of the effect at the other edge.
    await expectColors(studio, [...BEHIND, [320, 8, CLIP_GREEN]]);
    await studio.onStage((stage) => stage.play("effect"));
    await expectColors(studio, [...BEHIND, [320, 8, WHITE]]);
    take();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Record to a file" }).click();
    const [cameras, clips] = [UPLOAD, `copyTo ${CLIP.width}x${CLIP.height} worker`];
    const count = (kind: string) => seen.filter((read) => read === kind).length;
    await until("frames of both", () => count(cameras) > 10 && count(clips) > 10);
    await page.getByRole("button", { name: "End the recording" }).click();
    await download;
    expect(new Set(take())).toEqual(new Set([cameras, clips]));
  },
);

it("reads and copies nothing while no layer is keyed", async () => {
  const studio = await fixture.open({});
  const reports = async () => {
    const meter = await studio.onStage((stage) => stage.meterReport);
    return meter !== undefined && meter.cameraFps > 0 && meter.drawnFps === 0 ? meter : undefined;
  };
  // The page begins with the scene of the test before.
  await until("second without drawing", async () => (await reports()) !== undefined);
  take();
  const first = await reports();
  await until("another second", async () => (await reports())?.cameraFps !== first?.cameraFps);
  expect(take()).toEqual([]);
  expect((await reports())?.copiesPerFrame).toBe(0);
});
