import { spawnSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { playVideo } from "../support/moving-scene.ts";
import { pictureHistory, recordHistory } from "../support/picture-history.ts";
import { reportTimes } from "../support/report-times.ts";
import { ViewPage } from "../support/view-page.ts";
import { WholeProgram } from "../support/whole-program.ts";
import { startDesktop } from "../support/x-desktop.ts";
import { XPainter } from "../support/x-painter.ts";
import { untilPageShows, XRootPicture } from "../support/x-root-picture.ts";
import type { XServer } from "../support/x-server.ts";

const VIDEO = { x: 100, y: 100, width: 640, height: 360 };
const PATIENCE = { timeout: 30_000, interval: 50 };

let server: XServer;
let root: XRootPicture;
let painter: XPainter;
let program: WholeProgram;
let chromium: Chromium;
let page: ViewPage;

beforeAll(async () => {
  server = await startDesktop({ kind: "xvnc", width: 1280, height: 720 });
  root = new XRootPicture(server.display);
  program = await WholeProgram.start(server.display);
  chromium = await startChromium();
});
beforeEach(async () => {
  painter = new XPainter(server.display);
  page = await program.open(chromium);
  await recordHistory(page);
});
afterEach(async () => {
  painter.close();
  for (const open of chromium.context.pages()) await open.close();
});
afterAll(async () => {
  await chromium?.close();
  await program?.close();
  root?.close();
  await server?.stop();
});

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

async function expectExact(): Promise<void> {
  expect((await untilPageShows(page, root.grab(), PATIENCE.timeout)).differingPixels).toBe(0);
}

/** Waits until the page has lost its picture and has one again; fails when it was reloaded. */
async function untilBack(since: number): Promise<number> {
  const isBack = async (): Promise<number> => {
    const kinds = (await pictureHistory(page)).map(({ kind }) => kind);
    expect(kinds).toEqual(["live", "stale", "live"]);
    return (await pictureHistory(page)).at(-1)?.atEpochMs ?? Number.NaN;
  };
  return (await vi.waitFor(isBack, PATIENCE)) - since;
}

it("says that the agent was killed, greys and dates the picture, and has it back by itself", async () => {
  painter.fill({ x: 0, y: 0, width: 1280, height: 720 }, 0x204060);
  const pid = program.agentPid;
  const killedEpochMs = epochMs();
  process.kill(pid, "SIGKILL");
  // What changes while nobody looks is seen afterwards.
  painter.fill({ x: 300, y: 200, width: 400, height: 300 }, 0xf08020);
  reportTimes("picture back after the agent was killed", [await untilBack(killedEpochMs)]);
  const [, lost, back] = await pictureHistory(page);
  expect(lost).toMatchObject({ grey: true, words: expect.stringMatching(/This picture is .* old/) });
  expect(lost?.words).toMatch(/agent.*(ended|SIGKILL)|SIGKILL/i);
  expect(lost?.sinceEpochMs).toBeGreaterThanOrEqual(killedEpochMs - 50);
  expect(lost?.sinceEpochMs).toBeLessThanOrEqual(back?.atEpochMs ?? 0);
  expect(back).toMatchObject({ grey: false, words: "" });
  expect(program.agentPid).not.toBe(pid);
  await expectExact();
  await playVideo(painter, VIDEO, 20);
  await expectExact();
});

it("is exact again after the agent stood still for three seconds", async () => {
  const pid = program.agentPid;
  process.kill(pid, "SIGSTOP");
  try {
    await playVideo(painter, VIDEO, 90);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expectExact();
  await playVideo(painter, VIDEO, 10);
  await expectExact();
});

it("reconnects by itself after the hub was killed and started again", async () => {
  program.process.child.kill("SIGKILL");
  await program.process.exit;
  // Its agent does not outlive it.
  await program.process.waitForNoDescendants();
  await page.page
    .getByText(/Connection lost/)
    .first()
    .waitFor();
  painter.fill({ x: 50, y: 50, width: 500, height: 300 }, 0x30a060);
  await program.startAgain();
  const startedEpochMs = epochMs();
  reportTimes("picture back after the hub was started again", [await untilBack(startedEpochMs)]);
  expect((await pictureHistory(page))[1]).toMatchObject({ grey: true, words: expect.stringMatching(/old/) });
  await expectExact();
});

it("follows the screen to other sizes", async () => {
  for (const [width, height] of [
    [1024, 768],
    [1280, 960],
    [1280, 720],
  ] as const) {
    const size = `${width}x${height}`;
    const env = { ...process.env, DISPLAY: server.display };
    const changed = spawnSync("xrandr", ["-s", size], { env, encoding: "utf8" });
    expect(changed.stderr).toBe("");
    const grabbed = root.grab();
    expect([grabbed.width, grabbed.height]).toEqual([width, height]);
    await playVideo(painter, VIDEO, 10);
    await expectExact();
    const source = await page.inView(({ state }) => [state.source?.width, state.source?.height, state.picture.kind]);
    expect(source).toEqual([width, height, "live"]);
  }
  // There was always a picture, if an old one.
  expect((await pictureHistory(page)).map(({ kind }) => kind)).not.toContain("none");
});

it("takes the next encoder when one fails, without a gap and without the viewer doing anything", async () => {
  const fragile = await WholeProgram.start(server.display, { name: "fragile", flags: ["--encoder-fault", "12"] });
  try {
    page = await fragile.open(chromium);
    const encoder = (): Promise<string | undefined> => page.inView(({ state }) => state.stream?.encoder);
    expect(await encoder()).toBe("h264_fault");
    await recordHistory(page);
    const presented = async (): Promise<number> =>
      (await page.inView((view) => view.exportTimings())).timings.picturesPresented;
    while ((await encoder()) === "h264_fault") await playVideo(painter, VIDEO, 10);
    await page.page.getByText(/The encoder h264_fault failed .*; \S+ took over/).waitFor();
    const before = await presented();
    await playVideo(painter, VIDEO, 20);
    expect(await presented()).toBeGreaterThan(before);
    await expectExact();
    expect((await pictureHistory(page)).map(({ kind }) => kind)).toEqual(["live"]);
  } finally {
    await fragile.close();
  }
});

it("refuses a wrong token, says so, and takes the right one", async () => {
  await chromium.context.clearCookies();
  const stranger = new ViewPage(await chromium.open(`${program.url}/#token=${"wrong".repeat(6)}`));
  await stranger.page
    .getByRole("alert")
    .getByText(/does not accept this token/)
    .waitFor();
  expect(await stranger.view.count()).toBe(0);
  await stranger.page.getByRole("textbox", { name: "Token" }).fill(program.token);
  await stranger.page.getByRole("button", { name: "Sign in" }).click();
  await stranger.waitUntilLive();
});
