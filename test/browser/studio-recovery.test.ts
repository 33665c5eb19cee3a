import { expect, it } from "vitest";
import { endBrowserProcesses } from "../support/browser-processes.ts";
import { openPlainTab } from "../support/plain-chromium.ts";
import { makeClip } from "../support/studio-clips.ts";
import {
  expectKeyed,
  isNear,
  KEY,
  keepFile,
  RED,
  type Rgb,
  SIZE,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";

const fixture = useStudioFixture();

it("goes on drawing while the page's main thread is blocked", async () => {
  const studio = await fixture.open({ key: KEY });
  await studio.untilDrawn();
  const blocked = await studio.page.evaluate(async () => {
    const stage = document.querySelector("studio-page")?.shadowRoot?.querySelector("studio-stage") as unknown as {
      meterReport: { drawnFps: number; cameraFps: number };
      onChange(listener: () => void): () => void;
    };
    const end = performance.now() + 3200;
    while (performance.now() < end) {
      // Nothing else gets this thread.
    }
    // Reports of the blocked seconds wait for the page; the first one may have begun before them.
    const reports = new Set<{ drawnFps: number; cameraFps: number }>();
    const stop = stage.onChange(() => reports.add(stage.meterReport));
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop();
    return [...reports].slice(1);
  });
  expect(blocked.length).toBeGreaterThanOrEqual(1);
  for (const { cameraFps, drawnFps } of blocked) {
    expect(cameraFps).toBeGreaterThan(0);
    expect(drawnFps).toBeGreaterThan(cameraFps / 2);
  }
});

it("says that the camera is gone, and shows it again by itself", async () => {
  const studio = await fixture.open({ key: KEY });
  await expectKeyed(studio);
  const first = await studio.onStage((stage) => stage.camera.track?.id);
  // As when it stays unplugged for a while.
  await studio.onStage(() => {
    const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    let refusals = 2;
    navigator.mediaDevices.getUserMedia = (constraints) => {
      refusals -= 1;
      return refusals >= 0 ? Promise.reject(new DOMException("gone", "NotFoundError")) : original(constraints);
    };
  });
  // The browser's own process of the cameras: its tracks end, as when the cable is pulled.
  endBrowserProcesses("utility", "VideoCaptureService");
  const alert = studio.page.getByRole("alert");
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(/camera/i);
  await until("camera", () => studio.onStage((stage) => stage.camera.state.kind === "live"));
  expect(await studio.onStage((stage) => stage.camera.track?.id)).not.toBe(first);
  await expectKeyed(studio);
});

it("goes on while the page holds as many of the camera's frames as the browser gives to one", async () => {
  const studio = await fixture.open({ key: KEY });
  await studio.untilDrawn();
  // As many as another program in the page, or a browser that loses some, may hold; read as the studio reads its own.
  const hold = () =>
    studio.onStage(async (stage) => {
      const page = globalThis as unknown as {
        MediaStreamTrackProcessor: new (init: unknown) => { readable: ReadableStream<VideoFrame> };
        held: VideoFrame[] | undefined;
      };
      const reader = new page.MediaStreamTrackProcessor({ track: stage.camera.track }).readable.getReader();
      const { value } = await reader.read();
      page.held = [...(page.held ?? []), ...(value === undefined ? [] : [value])];
      void reader.cancel();
      return page.held.length;
    });
  const untilDrawnAnew = async () => {
    await studio.onStage((stage) => {
      stage.meterReport = undefined;
    });
    await studio.untilDrawn();
  };
  const notice = studio.page.getByText("The browser stopped handing over the camera's pictures.");
  expect(await hold()).toBe(1);
  // The report of the second in which that was, and one after it.
  for (let report = 0; report < 2; report += 1) await untilDrawnAnew();
  expect(await notice.count()).toBe(0);
  expect(await hold()).toBe(2);
  await notice.waitFor();
  await untilDrawnAnew();
  await expectKeyed(studio);
});

it("takes another engine when the graphics process ends", async () => {
  const studio = await fixture.open({ key: KEY }, "?engine=webgl");
  await studio.untilDrawn();
  expect(await studio.onStage((stage) => stage.engineReport?.engine)).toBe("webgl");
  endBrowserProcesses("gpu-process");
  const reports = () => studio.onStage(({ engineReport, meterReport }) => [engineReport, meterReport] as const);
  const isDrawingAgain = async () => {
    const [engine, meter] = await reports();
    return /failed/.test(engine?.reason ?? "") && (meter?.drawnFps ?? 0) > 0;
  };
  await until("drawing again", isDrawingAgain, reports);
  await expectKeyed(studio);
});

it("goes on drawing while another tab covers it, and shows the camera and an effect when it is seen again", async () => {
  const studio = await fixture.open();
  const url = await keepFile(studio, await makeClip(fixture.state, { ...SIZE, changes: true }), "video/webm");
  await studio.page.close();
  const tab = await openPlainTab(`${fixture.hub.url}/studio/?engine=cpu`, fixture.camera);
  try {
    const page = `document.querySelector("studio-page")`;
    const stage = `${page}.shadowRoot.querySelector("studio-stage")`;
    const key = { ...KEY, similarity: 0.2 };
    const layers = [
      { id: "camera", name: "Camera", source: { kind: "camera" }, key: KEY },
      { id: "fx", name: "Boom", source: { kind: "video", url, play: "always" }, key },
    ];
    const scene = { version: 1, name: "Test", ...SIZE, background: [50, 70, 190], layers };
    // Until then the tab has the empty page that every tab begins with.
    const isOpen = `${page}?.shadowRoot?.querySelector("studio-stage") != null`;
    await until("page", () => tab.evaluate<boolean>(isOpen).catch(() => false));
    await tab.evaluate(`void (${page}.scene = ${JSON.stringify(scene)})`);
    // The canvas itself, which a worker draws: the camera's box, and the clip's bar below.
    const colors = () =>
      tab.evaluate<number[][]>(`(() => {
        const canvas = ${stage}.shadowRoot.querySelector("canvas:not([hidden])");
        if (canvas === null) return [];
        const context = new OffscreenCanvas(${SIZE.width}, ${SIZE.height}).getContext("2d");
        context.drawImage(canvas, 0, 0);
        return [[320, 180], [320, 350]].map(([x, y]) => Array.from(context.getImageData(x, y, 1, 1).data));
      })()`);
    const shows = async (bar: Rgb) => {
      const [box, below] = await colors();
      return isNear(box, RED) && isNear(below, bar);
    };
    await until("camera and clip", () => shows(WHITE));
    await tab.cover(true);
    await until("hidden page", () => tab.evaluate<boolean>(`document.visibilityState === "hidden"`));
    await tab.evaluate(`void (${stage}.meterReport = undefined)`);
    await until("drawing while hidden", () => tab.evaluate<boolean>(`${stage}.meterReport?.drawnFps > 0`));
    await tab.cover(false);
    await until("visible page", () => tab.evaluate<boolean>(`document.visibilityState === "visible"`));
    // The clip's bar changes its colour all the time while it plays.
    for (const color of [RED, WHITE]) await until("clip that goes on", () => shows(color));
  } finally {
    await tab.close();
  }
});
