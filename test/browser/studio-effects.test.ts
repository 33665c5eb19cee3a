import { expect, it } from "vitest";
import type { StudioStage } from "../../dist/viewer/studio/stage/studio-stage.js";
import { type ClipOptions, makeClip } from "../support/studio-clips.ts";
import {
  expectColors,
  GREEN,
  KEY,
  keepFile,
  RED,
  SIZE,
  showScene,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";
import type { StudioDriver } from "../support/studio-page.ts";

/** Slow enough for a machine that does other things, too, to draw every frame. */
const FPS = 10;

const fixture = useStudioFixture({ fps: FPS });

const camera = { id: "camera", name: "Camera", source: { kind: "camera" } };

async function openWithClip(options: Partial<ClipOptions> = {}) {
  const studio = await fixture.open();
  const clip = await makeClip(fixture.state, { ...SIZE, ...options });
  const url = await keepFile(studio, clip, "video/webm");
  expect(url).toMatch(/^\/api\/studio\/files\/[0-9a-f]{64}\.webm$/);
  const effect = (play: string, change: object = { key: { ...KEY, similarity: 0.2 } }) => ({
    ...{ id: "fx", name: "Boom", source: { kind: "video", url, play }, hotkey: "b" },
    ...change,
  });
  return { studio, effect };
}

it("are keyed over the camera by hotkey and button, looped and once, and play from their beginning each time", async () => {
  const { studio, effect } = await openWithClip({ changes: true });
  const { page } = studio;
  await showScene(studio, {}, { layers: [camera, effect("loop")] });
  await expectColors(studio, [
    [320, 180, RED],
    [320, 350, GREEN],
  ]);
  await page.keyboard.press("b");
  // The clip has a bar at its lower edge, red in its first half; the rest is its screen. It comes around again.
  for (const color of [WHITE, RED, WHITE] as const) {
    await expectColors(studio, [
      [320, 350, color],
      [320, 180, RED],
    ]);
  }
  await page.keyboard.press("b");
  await expectColors(studio, [[320, 350, GREEN]]);
  await showScene(studio, {}, { layers: [camera, effect("once")] });
  const playing = () => studio.onStage((stage) => stage.playing.has("fx"));
  await page.getByRole("button", { name: /Boom b/ }).click();
  await until("effect", playing);
  await until("end of the effect", async () => !(await playing()));
  await expectColors(studio, [[320, 350, GREEN]]);
  // Once more, from the beginning: the bar is red again before it is white.
  await page.getByRole("button", { name: /Boom b/ }).click();
  await expectColors(studio, [[320, 350, RED]]);
});

it("have alpha of their own", async () => {
  const { studio, effect } = await openWithClip({ alpha: true });
  // By the element itself, and by the canvas, which needs the frames of the video.
  for (const [change, bar] of [
    [{}, WHITE],
    [{ blend: "screen" }, [238, 249, 240]],
  ] as const) {
    await showScene(studio, {}, { layers: [camera, effect("loop", change)] });
    await studio.onStage((stage) => stage.play("fx"));
    await expectColors(studio, [
      [320, 350, bar],
      [320, 180, RED],
      [610, 200, GREEN],
    ]);
    await studio.onStage((stage) => stage.stop("fx"));
    await expectColors(studio, [[320, 350, GREEN]]);
  }
});

it("never drop a frame of a camera that the browser shows", async () => {
  const { studio, effect } = await openWithClip();
  await showScene(studio);
  await expectColors(studio, [[320, 180, RED]]);
  await studio.onStage((stage) => {
    const video = stage.shadowRoot?.querySelector<HTMLVideoElement>(".layer > video");
    if (video === null || video === undefined) throw new Error("The camera is not shown by an element.");
    const seen = { video, parent: video.parentElement, stream: video.srcObject, events: [] as string[] };
    // A video that is moved or restarted stands still for a moment.
    for (const name of ["pause", "emptied", "loadstart"]) video.addEventListener(name, () => seen.events.push(name));
    Object.assign(window, { seen, before: video.getVideoPlaybackQuality() });
  });
  await useEffects(studio, effect);
  await until("many frames", async () => (await studio.page.evaluate(readSeen)).total > 2 * FPS);
  const { dropped, same, events } = await studio.page.evaluate(readSeen);
  expect({ dropped, same, events }).toEqual({ dropped: 0, same: true, events: [] });
});

it("never drop a frame of a camera that is keyed", async () => {
  const { studio, effect } = await openWithClip();
  await showScene(studio, { key: KEY });
  await studio.untilDrawn();
  await studio.onStage((stage) => {
    const reports = new Set<StudioStage["meterReport"]>();
    stage.onChange(() => reports.add(stage.meterReport));
    Object.assign(window, { reports });
  });
  await until("first report", async () => (await readReports(studio)).length > 1);
  await useEffects(studio, effect, { key: KEY });
  // Those of the time before have their own frames.
  const reports = (await readReports(studio)).slice(1);
  expect(reports.map((report) => report?.dropped)).toEqual(reports.map(() => 0));
  expect(reports.reduce((sum, report) => sum + (report?.cameraFps ?? 0), 0)).toBeGreaterThan(FPS);
});

/** Adds effects over the camera, plays them at once and one after the other, and removes them, also while they play. */
async function useEffects(studio: StudioDriver, effect: (play: string) => object, change: object = {}): Promise<void> {
  const scene = (...effects: readonly string[]) => ({
    layers: [{ ...camera, ...change }, ...effects.map((id) => ({ ...effect("loop"), id, name: id }))],
  });
  for (const both of [false, true]) {
    await showScene(studio, {}, scene("one"));
    await studio.onStage((stage) => stage.play("one"));
    await expectColors(studio, [[320, 350, WHITE]]);
    if (both) {
      await showScene(studio, {}, scene("one", "two"));
      await studio.onStage((stage) => stage.play("two"));
      await until("second effect", () => studio.onStage((stage) => stage.playing.size === 2));
      await studio.onStage((stage) => stage.stop("two"));
    } else await studio.onStage((stage) => stage.stop("one"));
    await showScene(studio, {}, scene());
    await until("camera alone", async () => (await studio.colors([[320, 350]])).every(([red = 0]) => red < 100));
  }
}

function readSeen() {
  const { seen, before } = window as unknown as {
    seen: { video: HTMLVideoElement; parent: Element; stream: unknown; events: string[] };
    before: VideoPlaybackQuality;
  };
  const { video, parent, stream, events } = seen;
  const quality = video.getVideoPlaybackQuality();
  return {
    total: quality.totalVideoFrames - before.totalVideoFrames,
    dropped: quality.droppedVideoFrames - before.droppedVideoFrames,
    same: video.isConnected && video.parentElement === parent && video.srcObject === stream && !video.paused,
    events,
  };
}

function readReports({ page }: StudioDriver): Promise<Array<StudioStage["meterReport"]>> {
  return page.evaluate(() => [...(window as unknown as { reports: Set<StudioStage["meterReport"]> }).reports]);
}
