import { describe, expect, it } from "vitest";
import { endBrowserProcesses } from "../support/browser-processes.ts";
import { SOFTWARE_GPU } from "../support/chromium.ts";
import { expectKeyed, KEY, showScene, until, useStudioFixture } from "../support/studio-fixture.ts";
import type { StudioDriver } from "../support/studio-page.ts";

/** Chromium gives the GPU up when its process has ended a few times; here it is to come back each time. */
const UNLIMITED_CRASHES = ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"];

// A camera slow enough for adapters that draw by the CPU.
const fixture = useStudioFixture({ fps: 10, args: [...SOFTWARE_GPU, ...UNLIMITED_CRASHES] });

const reports = (studio: StudioDriver) =>
  studio.onStage(({ engineReport, meterReport }) => ({ engine: engineReport, meter: meterReport }));

/** Waits for pictures of a second that begins now. */
async function expectDrawing(studio: StudioDriver, engine: string): Promise<void> {
  await studio.onStage((stage) => {
    stage.meterReport = undefined;
  });
  const isDrawing = async () => {
    const { meter } = await reports(studio);
    return meter?.engine === engine && meter.drawnFps > 0;
  };
  await until(`drawing by ${engine}`, isDrawing, () => reports(studio));
}

it("times real frames through all three engines where a browser has them, and uses the fastest", async () => {
  const studio = await fixture.open({ key: KEY }, "");
  const report = async () => (await reports(studio)).engine;
  await until("choice of an engine", async () => (await report())?.settled === true, report);
  const { timings = [], engine = "cpu" } = (await report()) ?? {};
  expect(timings.map(({ engine, failed }) => [engine, failed])).toEqual([
    ["cpu", undefined],
    ["webgl", undefined],
    ["webgpu", undefined],
  ]);
  for (const { medianMs, frames } of timings) {
    expect(medianMs).toBeGreaterThan(0);
    expect(frames).toBeGreaterThan(0);
  }
  const timeOf = new Map(timings.map(({ engine, medianMs = 0 }) => [engine, medianMs]));
  // The engine that draws meanwhile stays unless another is clearly faster.
  expect(timeOf.get(engine)).toBeLessThanOrEqual(Math.min(...timeOf.values()) / 0.8);
  await expectKeyed(studio);
  await expectDrawing(studio, engine);
});

describe.each(["webgl", "webgpu"] as const)("the engine %s", (engine) => {
  it("is opened anew when the graphics process ends, and given up for the CPU when that goes on", async () => {
    const studio = await fixture.open({ key: KEY }, `?engine=${engine}`);
    await studio.untilDrawn();
    expect((await reports(studio)).meter?.engine).toBe(engine);
    const used: unknown[] = [];
    for (let kill = 0; kill < 3; kill += 1) {
      await studio.onStage((stage) => {
        stage.engineReport = undefined;
      });
      endBrowserProcesses("gpu-process");
      const isOpen = async () => {
        const { engine: report, meter } = await reports(studio);
        return /failed/.test(report?.reason ?? "") && meter?.engine === report?.engine;
      };
      await until("engine after the end of the graphics process", isOpen, () => reports(studio));
      used.push((await reports(studio)).engine?.engine);
      await expectKeyed(studio);
    }
    expect(used).toEqual([engine, engine, "cpu"]);
    await expectDrawing(studio, "cpu");
    // It stays so: another scene does not bring the engine back.
    await showScene(studio, { key: { ...KEY, spill: 0 } });
    await expectKeyed(studio);
    await expectDrawing(studio, "cpu");
  });
});
