import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startChromium } from "../support/chromium.ts";
import { makeClip } from "../support/studio-clips.ts";
import {
  BLUE,
  expectColors,
  GREEN,
  isNear,
  KEY,
  keepFile,
  RED,
  type Rgb,
  SIZE,
  showScene,
  signIn,
  startStudioFixture,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";
import { driveStudio, type StudioDriver } from "../support/studio-page.ts";

const fixture = useStudioFixture({ args: ["--screen-info={1280x720}{1280,0 1280x720}"] });

async function save({ page }: StudioDriver): Promise<string> {
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  return new URL(page.url()).hash.slice("#scene=".length);
}

async function openOutput(id: string, search = "?engine=cpu"): Promise<StudioDriver> {
  return driveStudio(await fixture.chromium.open(`${fixture.hub.url}/studio/output/${id}${search}`));
}

/** Whether the whole scene is drawn for somebody else. */
const isComposing = (studio: StudioDriver) =>
  studio.onStage((stage) => stage.shadowRoot?.querySelector(".layer > video") === null);

describe("a saved scene's own page", () => {
  it("is transparent, follows the scene's changes, and plays effects that the API starts", async () => {
    const studio = await fixture.open({ key: KEY });
    const url = await keepFile(studio, await makeClip(fixture.state, SIZE), "video/webm");
    const key = { ...KEY, similarity: 0.2 };
    const effect = { id: "fx", name: "Boom", source: { kind: "video", url, play: "loop" }, key };
    const id = await save(studio);
    const camera = { id: "camera", name: "Camera", source: { kind: "camera" }, key: KEY };
    await showScene(studio, {}, { background: null, layers: [camera, effect] });
    const output = await openOutput(id);
    // The hub tells it of the change.
    await save(studio);
    await until("changed scene", () => output.onStage((stage) => stage.scene.background === null));
    await output.untilDrawn();
    expect(await alphasOf(output.page)).toEqual([255, 0]);

    const api = `${fixture.hub.url}/api/studio/scenes/${id}/effects`;
    const trigger = async (action: string) => {
      const headers = { "content-type": "application/json", origin: fixture.hub.url };
      const answer = await fetch(api, { method: "POST", headers, body: JSON.stringify({ layer: "fx", action }) });
      expect(answer.status).toBe(200);
    };
    await trigger("play");
    await expectColors(output, [[320, 350, WHITE]]);
    await until("effect in the studio", () => studio.onStage((stage) => stage.playing.has("fx")));
    await trigger("stop");
    await until("end of the effect", () => output.onStage((stage) => stage.playing.size === 0));
    expect(await alphasOf(output.page)).toEqual([255, 0]);
  });

  it("leaves the camera out when asked to, and never asks for it", async () => {
    const studio = await fixture.open({});
    const output = await openOutput(await save(studio), "?camera=0");
    await expectColors(output, [[320, 180, BLUE]]);
    expect(await output.onStage((stage) => stage.camera.state.kind)).toBe("off");
  });
});

it("gives an address for OBS that a browser without a session may open, and not change", async () => {
  // Under a public name nobody is trusted for being on the same machine.
  const own = await startStudioFixture({ hub: { publicNames: ["studio.test"] } });
  const obs = await startChromium({ args: own.camera, viewport: { width: 1280, height: 720 } });
  try {
    const studio = await own.open({ key: KEY });
    const { page } = studio;
    await signIn(studio);
    await own.chromium.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the address for OBS" }).click();
    await page.getByText("The address is in your clipboard.").waitFor();
    const address = await page.evaluate(() => navigator.clipboard.readText());
    const id = new URL(page.url()).hash.slice("#scene=".length);
    expect(address).toBe(`${own.hub.url}/studio/output/${id}`);

    const output = driveStudio(await obs.open(`${address}?engine=cpu`));
    expect(await obs.context.cookies()).toEqual([]);
    await expectColors(output, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    const answers = await output.page.evaluate(async (id) => {
      const url = `/api/studio/scenes/${id}`;
      const seen = await fetch(url);
      const { scene } = (await seen.json()) as { scene: object };
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ scene: { ...scene, name: "Changed" } });
      const changed = await fetch(url, { method: "PUT", headers, body });
      const deleted = await fetch(url, { method: "DELETE" });
      return [seen.status, changed.status, deleted.status];
    }, id);
    expect(answers).toEqual([200, 401, 401]);
    const kept = (await (await fetch(`${own.hub.url}/api/studio/scenes/${id}`)).json()) as { name: string };
    expect(kept.name).toBe("Test");
  } finally {
    await obs.close();
    await own.close();
  }
});

/** Alpha in the middle, where the camera's box is, and beside it, where the key takes the screen away. */
async function alphasOf(page: Page): Promise<unknown> {
  const shot = await page.screenshot({ omitBackground: true });
  return page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    return [
      [640, 360],
      [1200, 600],
    ].map(([x = 0, y = 0]) => context?.getImageData(x, y, 1, 1).data[3]);
  }, shot.toString("base64"));
}

describe("a scene", () => {
  it("is shared by the studio's address, and goes to a file and back", async () => {
    const studio = await fixture.open({ key: KEY, rotation: 180 });
    const { page } = studio;
    await save(studio);
    const shared = driveStudio(await fixture.chromium.open(page.url()));
    await until("shared scene", () => shared.onStage((stage) => stage.scene.name === "Test"));
    await shared.page.close();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const file = await (await download).path();
    const exported = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    expect(exported).toMatchObject({ version: 1, name: "Test", ...SIZE, layers: [{ rotation: 180, key: KEY }] });
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText(/^Deleted/).waitFor();
    await showScene(studio, {}, { name: "Other", background: null });
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Import" }).click();
    await (await chooser).setFiles(file);
    await until("imported scene", async () =>
      studio.onStage((stage) => stage.scene.name === "Test" && stage.scene.layers[0]?.rotation === 180),
    );
    expect(await studio.onStage((stage) => JSON.stringify(stage.scene))).toBe(JSON.stringify(exported));
    await page.getByLabel("Open").waitFor();
    const wrong = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Import" }).click();
    await (await wrong).setFiles({ name: "cat.json", mimeType: "application/json", buffer: Buffer.from('{"a":1}') });
    await page.getByText("“cat.json” is no scene of the studio.").waitFor();
  });

  it("is recorded as it is for others, to a file that plays", async () => {
    const studio = await fixture.open({ key: KEY });
    const { page } = studio;
    await studio.untilDrawn();
    await studio.onStage((stage) => {
      stage.selfMirror = true;
    });
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Record to a file" }).click();
    await until("frames", () => studio.onStage((stage) => (stage.meterReport?.drawnFps ?? 0) > 1));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await page.getByRole("button", { name: "End the recording" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^Test .*\.(mp4|webm)$/);
    const frames = decode(await file.path());
    expect(frames.length).toBeGreaterThan(10);
    const last = frames.at(-1) as Buffer;
    const at = (x: number, y: number) => Array.from(last.subarray((y * SIZE.width + x) * 3).subarray(0, 3));
    // The white box is at the left, where others see it.
    expect(
      [at(320, 180), at(30, 30), at(610, 330)].map((color, i) => isClose(color, [RED, WHITE, BLUE][i] as Rgb)),
    ).toEqual([true, true, true]);
  });

  it("is shown in the browser's floating window for as long as that is open", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    await expectColors(studio, [[320, 180, RED]]);
    expect(await isComposing(studio)).toBe(false);
    await page.getByRole("button", { name: "Picture in picture" }).click();
    await until("floating window with a picture", () =>
      page.evaluate(() => {
        const video = document.pictureInPictureElement as HTMLVideoElement | null;
        return (video?.videoWidth ?? 0) > 0 && (video?.currentTime ?? 0) > 0;
      }),
    );
    expect(await isComposing(studio)).toBe(true);
    await page.evaluate(() => document.exitPictureInPicture());
    await until("end of composing", async () => !(await isComposing(studio)));
    await expectColors(studio, [[320, 180, RED]]);
  });

  it("covers the other display until that window is closed", async () => {
    const studio = await fixture.open({});
    const { page } = studio;
    const session = await fixture.chromium.context.newCDPSession(page);
    await session.send("Browser.grantPermissions", { permissions: ["windowManagement"] });
    const popup = page.waitForEvent("popup");
    await page.getByRole("button", { name: "Show on another display" }).click();
    const window = await popup;
    const isPlaying = () => (document.querySelector("video")?.currentTime ?? 0) > 0.2;
    await until(
      "playing window",
      () => window.evaluate(isPlaying),
      async () => [await window.evaluate(videoState), await studio.onStage(({ meterReport }) => meterReport)],
    );
    const place = await window.evaluate(() => ({ left: screenX, width: innerWidth, height: innerHeight }));
    expect(place).toEqual({ left: 1280, width: 1280, height: 720 });
    const shot = await window.screenshot();
    const [red, green] = await page.evaluate(readScreenshot, {
      encoded: shot.toString("base64"),
      places: [
        [640, 360],
        [1200, 600],
      ],
    });
    expect([isClose(red, RED), isClose(green, GREEN)]).toEqual([true, true]);
    await window.close();
    await until("end of composing", async () => !(await isComposing(studio)));
  });
});

function videoState(): unknown {
  const video = document.querySelector("video");
  if (video === null) return "no video";
  const { currentTime, paused, readyState, videoWidth } = video;
  return { currentTime, paused, readyState, videoWidth, visibility: document.visibilityState };
}

async function readScreenshot({ encoded, places }: { encoded: string; places: number[][] }): Promise<number[][]> {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context?.drawImage(bitmap, 0, 0);
  return places.map(([x = 0, y = 0]) => Array.from(context?.getImageData(x, y, 1, 1).data ?? []));
}

/** All frames of a video file, as red, green and blue bytes. */
function decode(file: string): Buffer[] {
  const result = spawnSync(
    "ffmpeg",
    [
      "-v",
      "error",
      "-i",
      file,
      "-vf",
      `scale=${SIZE.width}:${SIZE.height}`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "-",
    ],
    { maxBuffer: 1 << 28 },
  );
  expect(result.stderr.toString()).toBe("");
  const bytes = SIZE.width * SIZE.height * 3;
  return Array.from({ length: Math.floor(result.stdout.byteLength / bytes) }, (_, i) =>
    result.stdout.subarray(i * bytes, (i + 1) * bytes),
  );
}

/** Coded video is not exact, and its matrix may be told wrongly to ffmpeg. */
function isClose(color: readonly number[] | undefined, expected: Rgb): boolean {
  return (
    color !== undefined && (isNear(color, expected) || expected.every((v, i) => Math.abs(v - (color[i] ?? 0)) < 30))
  );
}
