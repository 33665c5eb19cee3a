import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { CameraHealth } from "../../dist/protocol/index.js";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { hubClockUs, type ScriptedHub, startScriptedHub, TOKEN } from "../support/scripted-hub.ts";
import { openScriptedPage, ScriptedPage } from "../support/scripted-page.ts";
import { encodeJpegs, encodeScenes, type ScriptedStream } from "../support/scripted-stream.ts";

const BOX = { x: 40, y: 40, width: 80, height: 60 };

let chromium: Chromium;
let hub: ScriptedHub;
let stream: ScriptedStream;

beforeAll(async () => {
  chromium = await startChromium();
  const scenes = Array.from({ length: 40 }, (_, index) => ({
    background: [30, 60, 200] as const,
    boxes: [{ rect: BOX, colour: [index * 6, 40, 40] as const }],
  }));
  stream = encodeScenes(320, 200, scenes);
});
afterAll(() => chromium.close());

beforeEach(async () => {
  hub = await startScriptedHub();
  hub.addSource(stream);
});
afterEach(async () => {
  for (const page of chromium.context.pages()) await page.close();
  await hub.close();
  chromium.errors.length = 0;
});

function open(): Promise<ScriptedPage> {
  return openScriptedPage(chromium, hub, "?painter=copy");
}

it("takes the token out of the address, and breaks no rule of the content security policy", async () => {
  const page = await open();
  expect(page.page.url()).not.toContain("token");
  expect(hub.signedIn).toBe(true);
  await page.page.getByRole("button", { name: /Latency/ }).click();
  await page.page.getByRole("heading", { name: "Latency" }).waitFor();
  expect(chromium.errors).toEqual([]);
});

it("asks for a token without a session, and says when it is wrong", async () => {
  const page = await chromium.open(hub.url);
  await page.getByRole("textbox", { name: "Token" }).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByRole("textbox", { name: "Token" }).fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await hub.until(() => hub.viewers.length > 0, "a connection");
});

it("reconnects by itself after a drop, and greys the picture with its age until it is live again", async () => {
  const page = await open();
  hub.answerWatch = false;
  hub.cut();
  await page.page.getByText(/This picture is \d+ s old/).waitFor();
  await page.page
    .getByText(/Connection lost/)
    .first()
    .waitFor();
  const filter = await page.page
    .locator("sightline-view canvas")
    .first()
    .evaluate((canvas) => getComputedStyle(canvas).filter);
  expect(filter).toContain("grayscale");
  await hub.until(() => hub.messages("watch").length >= 2, "a new subscription");
  hub.viewer.startStream(stream);
  await page.presented(hub.viewer.sendPicture(stream, 0));
  await page.page.getByText(/This picture is/).waitFor({ state: "detached" });
});

it("says honestly that an agent was lost, and comes back with the next stream", async () => {
  const page = await open();
  const [source] = hub.sources;
  if (source === undefined) throw new Error("There is a source.");
  hub.sources[0] = { ...source, state: "lost", stateSinceUs: hubClockUs() - 3e6, detail: "The agent was killed." };
  hub.viewer.interrupt("The agent was killed.");
  hub.announce();
  await page.page.getByRole("heading", { name: "The agent was killed." }).waitFor();
  hub.sources[0] = source;
  hub.announce();
  hub.viewer.startStream(stream);
  await page.presented(hub.viewer.sendPicture(stream, 0));
  await page.page.getByRole("heading", { name: "The agent was killed." }).waitFor({ state: "detached" });
});

it("shows the picture of a camera that fell silent as old, and comes back by itself", async () => {
  const health: CameraHealth = {
    ...{ state: "healthy", sinceUs: hubClockUs(), detail: "", attempt: 0, retryAtUs: 0 },
    ...{ lastPictureUs: hubClockUs(), restarts: 0 },
  };
  hub.sources = [];
  const camera = hub.addSource(stream, { path: "door/camera", name: "Door", kind: "camera", grants: ["view"], health });
  const page = await open();
  // A hub says it like this: the source stays, its stream is not interrupted, only its health tells.
  const say = (next: Partial<CameraHealth>): void => {
    hub.sources[0] = { ...camera, health: { ...health, sinceUs: hubClockUs(), ...next } };
    hub.announce();
  };
  const heading = page.page.getByRole("heading", { name: /^Door delivers no picture/ });
  for (const state of ["recovering", "failed"] as const) {
    say({ state, detail: "No picture came any more.", attempt: 2, lastPictureUs: hubClockUs() - 7e6 });
    await page.page.getByText(/This picture is ([7-9]|1\d) s old/).waitFor();
    await heading.getByText(/No picture came any more\./).waitFor();
    const filter = await page.page
      .locator("sightline-view canvas")
      .first()
      .evaluate((canvas) => getComputedStyle(canvas).filter);
    expect(filter, state).toContain("grayscale");
    // A late picture does not make it live: the hub does.
    await page.presented(hub.viewer.sendPicture(stream, 0));
    expect(await heading.isVisible(), state).toBe(true);
    say({ state: state === "failed" ? "degraded" : "healthy", lastPictureUs: hubClockUs() });
    await page.presented(hub.viewer.sendPicture(stream, 0));
    await heading.waitFor({ state: "detached" });
    await page.waitUntilLive();
  }
  expect(hub.messages("watch")).toHaveLength(1);
});

it("says why a camera that is in trouble from the beginning shows nothing", async () => {
  hub.sources = [];
  const health: CameraHealth = {
    ...{ state: "failed", sinceUs: hubClockUs(), detail: "The camera refuses access.", attempt: 3, retryAtUs: 0 },
    ...{ lastPictureUs: 0, restarts: 0 },
  };
  hub.addSource(stream, { path: "door/camera", name: "Door", kind: "camera", health });
  hub.answerWatch = false;
  const page = await chromium.open(`${hub.url}/#token=${TOKEN}`);
  await page.getByRole("heading", { name: "Door delivers no picture. The camera refuses access." }).waitFor();
});

it("opens with a screen, whatever cameras come before it", async () => {
  hub.addSource(stream, { path: "a/camera", kind: "camera", primary: true });
  hub.sources.reverse();
  await open();
  const watched = await hub.until(() => hub.messages("watch")[0], "a subscription");
  expect(hub.sources.map(({ kind }) => kind)).toEqual(["camera", "screen"]);
  expect(watched.source).toBe(hub.sources[1]?.id);
});

it("marks the old picture when a source gives none", async () => {
  const page = await open();
  hub.addSource(stream, { name: "Dark screen" });
  hub.announce();
  hub.answerWatch = false;
  await page.page.getByRole("button", { name: /Dark screen/ }).click();
  await page.page.getByText("Waiting for the first picture of Dark screen.").first().waitFor();
});

it.each(["of its own size", "scaled"])("presents video %s while the main thread is blocked", async (size) => {
  const page = await open();
  const header = size === "scaled" ? { width: 640, height: 400 } : {};
  await page.presented(hub.viewer.sendPicture(stream, 1, [BOX], header));
  const blocked = page.page.evaluate(() => {
    const end = performance.now() + 1200;
    while (performance.now() < end);
    return true;
  });
  let finished = false;
  void blocked.then(() => {
    finished = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  const before = hub.acks("presented").length;
  for (let index = 2; index < 21; index += 1) {
    await page.presented(hub.viewer.sendPicture(stream, index, [BOX], header));
  }
  expect(finished).toBe(false);
  expect(hub.acks("presented").length - before).toBe(19);
  await blocked;
});

it("measures input to picture and exports it as JSON", async () => {
  const page = await open();
  const at = await page.pointOf(100, 100);
  await page.page.mouse.move(at.x, at.y);
  await hub.until(() => hub.viewer.holder === "you", "control");
  for (let index = 1; index <= 3; index += 1) {
    await page.page.mouse.down();
    const pressed = await hub.until(() => {
      const last = hub.inputs().at(-1);
      return last?.kind === "pointer" && last.buttons === 1 ? last : undefined;
    }, "a press");
    const answer = { inputViewer: hub.viewer.number, inputSequence: pressed.sequence, inputToChangeUs: 700 };
    await page.presented(hub.viewer.sendPicture(stream, index, [BOX], { ...answer, changeUs: hubClockUs() - 8500 }));
    await page.page.mouse.up();
    await hub.until(() => {
      const last = hub.inputs().at(-1);
      return last?.kind === "pointer" && last.buttons === 0;
    }, "the release");
  }
  await page.page.getByRole("button", { name: /Latency/ }).click();
  const download = page.page.waitForEvent("download");
  await page.page.getByRole("button", { name: "Export JSON" }).click();
  const exported = JSON.parse(await readFile(await (await download).path(), "utf8")) as object;
  const view = await page.inView((element) => element.exportTimings());
  expect(exported).toMatchObject({ source: "desk/screen-1", painter: { painter: "copy" } });
  expect(exported).toHaveProperty("timings.stages");
  const { timings } = view;
  expect(timings.inputToPresentMs.count).toBe(3);
  expect(timings.inputToPresentMs.p50).toBeGreaterThan(0.5);
  expect(timings.pictureAgeMs.p50).toBeGreaterThan(0);
  const byStage = Object.fromEntries(timings.stages.map(({ stage, ms }) => [stage, ms]));
  expect(byStage).toMatchObject({ encode: { p50: 4.3 }, convert: { p50: 2.1 }, app: { p50: 0.7, count: 3 } });
  for (const stage of ["uplink", "network", "decode", "draw"]) expect(byStage[stage]?.count).toBeGreaterThan(0);
  expect(view).toMatchObject({ source: "desk/screen-1", painter: { painter: "copy" }, stream: { encoder: "libx264" } });
});

it("names the slow stage in words", async () => {
  const page = await open();
  for (let index = 1; index < 8; index += 1) {
    const times = { encodeUs: 48_000, changeUs: hubClockUs() - 60_000 };
    await page.presented(hub.viewer.sendPicture(stream, index, [BOX], times));
  }
  await page.page.getByRole("button", { name: /Latency/ }).click();
  await page.page.getByText(/Encoding takes long/).waitFor();
});

it("says how the pictures were made up", async () => {
  const page = await open();
  const pixels = { tiles: 450, coarse: 0, copies: 300, video: 250, refined: 1 };
  const about = { backend: "x11-shm", encoder: "libx264", encoderReason: "", width: 320, height: 200 };
  const times = { fps: 30, bitrateBps: 8e6, waitUs: 1, grabUs: 1, convertUs: 1, encodeUs: 1, deferred: 0, failed: 0 };
  const performance = { ...about, ...times, pixels };
  const message = { type: "performance", performance, viewers: 1, dropped: 0, agentClockOffsetUs: 0 } as const;
  hub.viewer.send({ ...message, rung: hub.viewer.rung });
  await page.page.getByRole("button", { name: /Latency/ }).click();
  await page.page.getByText("exact tiles 45 %, copies 30 %, video 25 %").waitFor();
});

it("falls back to JPEG and says why when the decoder fails again and again", async () => {
  const page = await open();
  const jpegs = encodeJpegs(320, 200, [{ background: [200, 40, 40] }]);
  hub.streams.set(1, jpegs);
  const junk = new Uint8Array(300).fill(0x5a);
  const header = { kind: "video", keyframe: true, intra: true, width: 320, height: 200, rects: [BOX] } as const;
  const watches = hub.messages("watch").length;
  for (let failure = 0; failure < 3; failure += 1) {
    hub.viewer.sendEncoded(header, junk);
    await page.page.waitForTimeout(150);
  }
  const watch = await hub.until(() => hub.messages("watch")[watches], "another subscription");
  expect(watch.codecs).toEqual(["jpeg"]);
  await page.presented(1);
  await page.page.getByRole("button", { name: /Latency/ }).click();
  await page.page.getByText(/The video decoder failed/).waitFor();
});

it("asks for JPEG and says why where the browser has no WebCodecs", async () => {
  // A page from a plain HTTP address that is not this computer is no secure context.
  const insecure = await startChromium({ args: ["--host-resolver-rules=MAP hub.test 127.0.0.1"] });
  try {
    hub.streams.set(1, encodeJpegs(320, 200, [{ background: [200, 40, 40] }]));
    const page = await insecure.open(`${hub.url.replace("127.0.0.1", "hub.test")}/#token=${TOKEN}`);
    const watch = await hub.until(() => hub.messages("watch")[0], "a subscription");
    expect(watch.codecs).toEqual(["jpeg"]);
    await hub.until(() => hub.acks("presented").length > 0, "a JPEG on the canvas");
    const pixel = await new ScriptedPage(page, hub).pixel(5, 5);
    expect(Math.abs((pixel[0] as number) - 200)).toBeLessThan(12);
    await page.getByRole("button", { name: /Latency/ }).click();
    await page.getByText(/plain HTTP/).waitFor();
  } finally {
    await insecure.close();
  }
});

it("is usable by keyboard alone", async () => {
  const page = await open();
  await page.inView((view) => view.releaseInput());
  const labels: string[] = [];
  for (let step = 0; step < 12; step += 1) {
    await page.page.keyboard.press("Tab");
    labels.push(
      await page.page.evaluate(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement != null) active = active.shadowRoot.activeElement;
        return active?.getAttribute("aria-label") ?? active?.textContent?.trim() ?? "";
      }),
    );
  }
  for (const label of ["Screens", "Special keys", "Full screen", "More"]) expect(labels).toContain(label);
});
