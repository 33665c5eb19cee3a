import { describe, expect, it } from "vitest";
import {
  BLUE,
  expectColors,
  GREEN,
  KEY,
  RED,
  type Rgb,
  SIZE,
  showScene,
  until,
  useStudioFixture,
  WHITE,
} from "../support/studio-fixture.ts";
import { driveStudio } from "../support/studio-page.ts";

const fixture = useStudioFixture();

describe("the camera", () => {
  it("is shown by the browser itself while nothing changes its pixels, and mirrored for the person only", async () => {
    const studio = await fixture.open({});
    await expectColors(studio, [
      [30, 30, WHITE],
      [320, 180, RED],
      [610, 330, GREEN],
    ]);
    await studio.onStage((stage) => {
      stage.selfMirror = true;
    });
    await expectColors(studio, [
      [610, 30, WHITE],
      [30, 30, GREEN],
    ]);
    expect(await studio.onStage((stage) => stage.meterReport?.latencyMs)).toBeUndefined();
  });

  it("is keyed over a background, and its delay is measured from its own timestamps", async () => {
    const studio = await fixture.open({ key: KEY });
    await expectColors(studio, [
      [30, 30, WHITE],
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await until("measured delay", () => studio.onStage((stage) => stage.meterReport?.fromCapture === true));
    const meter = await studio.onStage((stage) => stage.meterReport);
    expect(meter?.latencyMs?.p50).toBeGreaterThan(0);
    expect(meter?.latencyMs?.p50).toBeLessThan(1000);
    expect(meter?.copiesPerFrame).toBeGreaterThan(0);
  });

  it.each([0, 90, 180, 270] as const)("looks the same by element and by engine, turned by %s", async (rotation) => {
    const studio = await fixture.open({ rotation, placement: { fit: "stretch", x: 0, y: 0, scale: 1 } });
    const corners = { 0: [30, 30], 90: [610, 30], 180: [610, 330], 270: [30, 330] } as const;
    const [x, y] = corners[rotation];
    const mirrored: readonly [number, number, Rgb] = [SIZE.width - x, y, WHITE];
    await expectColors(studio, [
      [x, y, WHITE],
      [320, 180, RED],
    ]);
    const turned = { rotation, placement: { fit: "stretch", x: 0, y: 0, scale: 1 } };
    await showScene(studio, { ...turned, mirror: true });
    await expectColors(studio, [mirrored, [320, 180, RED]]);
    await showScene(studio, { ...turned, key: KEY });
    await expectColors(studio, [
      [x, y, WHITE],
      [320, 180, RED],
      [320, 20, BLUE],
    ]);
    await showScene(studio, { ...turned, mirror: true, key: KEY });
    await expectColors(studio, [mirrored, [320, 180, RED], [320, 20, BLUE]]);
  });
});

it("tells behind its chip what the camera's way to the screen costs", async () => {
  const studio = await fixture.open({});
  const { page } = studio;
  const chip = page.getByRole("button", { name: /^Camera to screen/ });
  await chip.click();
  const rows = async () =>
    new Map(
      await page
        .locator("table.meter tr")
        .evaluateAll((all) =>
          all.map((row) => Array.from(row.children, (cell) => cell.textContent ?? "") as [string, string]),
        ),
    );
  // Nothing is drawn, so there is nothing to measure; the report of the first second is of opening the page.
  let shown = await rows();
  const isIdle = async () => {
    shown = await rows();
    return shown.get("Camera") !== "0.0 / s" && shown.get("Drawn") === "0.0 / s";
  };
  await until("camera that only the browser shows", isIdle, () => [...shown]);
  expect(shown.get("Capture to drawn") ?? shown.get("Arrival to drawn")).toBe("–");
  expect(await chip.textContent()).toMatch(/^\s*–/);
  await showScene(studio, { key: KEY });
  const isMeasured = async () => {
    shown = await rows();
    return /ms$/.test(shown.get("Capture to drawn") ?? "") && shown.get("Copies for each picture") === "2.0";
  };
  await until("measured delay and two copies", isMeasured, () => [...shown]);
  const [median = 0, tail = 0] = (shown.get("Capture to drawn") ?? "").match(/[\d.]+/g)?.map(Number) ?? [];
  expect(median).toBeGreaterThan(0);
  expect(tail).toBeGreaterThanOrEqual(median);
  expect(shown.get("Drawn")).toMatch(/^[1-9]\d*\.\d \/ s$/);
  expect(shown.get("Camera")).toMatch(/^[1-9]\d*\.\d \/ s$/);
  expect(shown.get("Dropped in the last second")).toMatch(/^\d+$/);
  expect(await chip.textContent()).toMatch(/^\s*\d+\.\d ms/);
  expect(await page.getByText("CPU. Chosen by hand.").count()).toBe(1);
});

describe("the engine", () => {
  it("is chosen by timing real frames through all, shown, remembered, and forced by hand", async () => {
    const studio = await fixture.open({ key: KEY }, "");
    const report = () => studio.onStage((stage) => stage.engineReport);
    await until("choice of an engine", async () => (await report())?.settled === true);
    const { timings = [], engine } = (await report()) ?? {};
    expect(timings.map((timing) => timing.engine)).toEqual(["cpu", "webgl", "webgpu"]);
    const usable = timings.filter(({ medianMs }) => medianMs !== undefined);
    expect(usable.length).toBeGreaterThanOrEqual(2);
    // Ten frames and one to warm up; an engine that is slow is given up earlier.
    expect(timings[0]?.frames).toBe(11);
    for (const { frames } of usable) expect(frames).toBeGreaterThan(0);
    const fastest = Math.min(...usable.map(({ medianMs = 0 }) => medianMs));
    const chosen = usable.find((timing) => timing.engine === engine);
    expect(chosen?.medianMs).toBeLessThanOrEqual(fastest / 0.8);
    const { page } = studio;
    await page.getByRole("button", { name: /Camera to screen/ }).click();
    await page.getByText("The fastest with real frames on this machine.").waitFor();
    await page.getByRole("radio", { name: "WebGL2" }).click();
    await until("engine chosen by hand", () =>
      studio.onStage(
        (stage) => stage.engineReport?.engine === "webgl" && stage.engineReport.reason === "Chosen by hand.",
      ),
    );
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    await page.reload();
    await until("remembered engine", async () => /earlier visit/.test((await report())?.reason ?? ""));
    expect((await report())?.engine).toBe(engine);
  });

  it("takes frames from the element where the browser has no stream of them", async () => {
    const page = await fixture.chromium.context.newPage();
    await page.addInitScript("delete globalThis.MediaStreamTrackProcessor");
    await page.goto(`${fixture.hub.url}/studio/?engine=cpu`);
    const studio = driveStudio(page);
    await showScene(studio, { key: KEY });
    await expectColors(studio, [
      [320, 180, RED],
      [610, 330, BLUE],
    ]);
    expect(await page.evaluate(() => "MediaStreamTrackProcessor" in globalThis)).toBe(false);
  });
});
