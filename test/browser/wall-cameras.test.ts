import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { REAL_CAMERA } from "../support/camera-hub.ts";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";

const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));

let hub: Hub;
let chromium: Chromium;
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "sightline-wall-"));
  hub = await startTestHub({ pageDirectory: BUILT_PAGE, stateFolder: state, cameraProcess: REAL_CAMERA });
  chromium = await startChromium({ viewport: { width: 1100, height: 700 } });
});
afterAll(async () => {
  await chromium.close();
  await hub.close();
  await rm(state, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt += 1) {
    if (await holds()) return;
    await pause(100);
  }
  expect.fail(`It did not come to ${what}.`);
}

it("adds a real camera, watches it, sees its movements and removes it", async () => {
  const page = await chromium.open(`${hub.url}/wall/#token=${TOKEN}`);
  await page.getByRole("button", { name: "Add a camera" }).click();
  await page.locator("wall-cameras").getByRole("button", { name: "Add a camera" }).click();
  await page.getByRole("radio", { name: "Test" }).click();
  await page.locator("wall-cameras").getByLabel("Name").fill("Pattern");
  for (const [label, value] of [
    ["Width", "320"],
    ["Height", "180"],
    ["Pictures per second", "10"],
  ] as const) {
    await page.getByLabel(label).fill(value);
  }
  await page.locator("form").getByRole("button", { name: "Test", exact: true }).click();
  const found = page.locator("wall-cameras .result:not(:has(.spinner))");
  await found.waitFor();
  expect(await found.textContent()).toMatch(/320 × 180, \d+(\.\d)? pictures per second/);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Done" }).click();

  const tile = page.locator("wall-tile");
  const label = async () => String(await tile.locator(".open").getAttribute("aria-label"));
  await until("a live tile", async () => /Live/.test(await label()));
  await tile.locator(".open").click();
  await page.getByRole("button", { name: "Motion", exact: true }).click();
  await page.getByLabel("Look for movements").check();
  await page.locator("wall-motion image").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Movements" }).click();
  await page.locator("wall-events .event").first().waitFor();
  expect(await page.locator("wall-events .event").first().textContent()).toContain("Pattern");
  await page.locator("wall-events").getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Cameras" }).click();
  await page.getByRole("button", { name: "Remove Pattern" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await until("an empty list", async () => (await page.getByText("There are none yet").count()) === 1);
});

it("tells in plain words what is wrong with an address", async () => {
  const page = await chromium.open(`${hub.url}/wall/`);
  await page.getByRole("button", { name: "Cameras" }).click();
  await page.locator("wall-cameras").getByRole("button", { name: "Add a camera" }).click();
  await page.locator("wall-cameras").getByLabel("Name").fill("Nobody");
  await page.getByLabel("Address").fill("rtsp://me:secret@127.0.0.1:9/none");
  await page.locator("form").getByRole("button", { name: "Test", exact: true }).click();
  const problem = page.locator("wall-cameras .result.bad");
  await problem.waitFor();
  expect(await problem.textContent()).not.toContain("secret");
  expect((await problem.textContent())?.length).toBeGreaterThan(10);
});
