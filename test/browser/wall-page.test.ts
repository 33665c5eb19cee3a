import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WallPage } from "../../dist/viewer/wall/ui/wall-page.js";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { encodeJpegs, encodeScenes, type ScriptedStream } from "../support/scripted-stream.ts";
import { clockUs, healthOf, ScriptedWall } from "../support/scripted-wall.ts";

const SIZE = { width: 160, height: 90 };
const TILES = 24;

let chromium: Chromium;
let wall: ScriptedWall;
let video: ScriptedStream;
let jpegs: ScriptedStream;

beforeAll(async () => {
  chromium = await startChromium({ viewport: { width: 1280, height: 760 } });
  const scenes = [10, 40, 70, 100].map((x) => {
    const boxes = [{ rect: { x, y: 20, width: 40, height: 40 }, colour: [230, 160, 60] as const }];
    return { background: [30, 60, 110] as const, boxes };
  });
  video = encodeScenes(SIZE.width, SIZE.height, scenes);
  jpegs = encodeJpegs(SIZE.width, SIZE.height, scenes);
});
afterAll(() => chromium.close());

beforeEach(async () => {
  wall = await ScriptedWall.start(8);
});
afterEach(async () => {
  for (const page of chromium.context.pages()) await page.close();
  await wall.close();
});

function addSources(count: number): void {
  for (let index = 0; index < count; index += 1) {
    wall.addSource(index % 5 === 4 ? jpegs : video, { groups: index % 2 === 0 ? ["outside"] : [] });
  }
}

async function open(hash = ""): Promise<Page> {
  const page = await chromium.open(`${wall.url}/wall/${hash}`);
  await page.evaluate(() => localStorage.clear());
  return page;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (await holds()) return;
    await pause(100);
  }
  expect.fail(`It did not come to ${what}.`);
}

/** Waits until each of these sources has put so many more pictures on its canvas. */
async function untilPresented(ids: readonly number[], more = 3): Promise<void> {
  const before = new Map(wall.presented);
  await until(`${more} more pictures of ${ids.join(", ")}`, () =>
    ids.every((id) => (wall.presented.get(id) ?? 0) >= (before.get(id) ?? 0) + more),
  );
}

const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What the tile of a source says, as somebody reads it. */
function tileText(page: Page, index: number): Promise<string> {
  return page.locator("wall-tile").nth(index).locator(".open").getAttribute("aria-label").then(String);
}

describe("24 tiles", () => {
  beforeEach(() => addSources(TILES));

  it("play over one connection, each no larger than it is shown", async () => {
    const page = await open();
    await untilPresented(all(TILES));
    expect(wall.connections).toBe(1);
    expect(wall.watches).toHaveLength(TILES);
    for (const { maxWidth, maxFps } of wall.watches) {
      expect(maxWidth).toBeLessThanOrEqual(320);
      expect(maxFps).toBeLessThanOrEqual(15);
    }
    expect(await page.locator("wall-tile").count()).toBe(TILES);
    await until("a live tile", async () => (await tileText(page, 0)) === "Enlarge Camera 1. Live");
  });

  it("stop while one is large, which is fetched in full, and come back", async () => {
    const page = await open();
    await untilPresented(all(TILES), 1);
    await page.locator("wall-tile").nth(3).locator(".open").click();
    await until("one watch", () => wall.watches.length === 1);
    expect(wall.watches[0]).toMatchObject({ source: 4, maxFps: 60 });
    expect(wall.watches[0]?.maxWidth).toBeGreaterThanOrEqual(1280);
    await untilPresented([4]);
    await page.keyboard.press("ArrowRight");
    await until("the next camera", () => wall.watches.length === 1 && wall.watches[0]?.source === 5);
    await page.keyboard.press("Escape");
    await until("all of them again", () => wall.watches.length === TILES);
    await untilPresented(all(TILES), 1);
    expect(wall.connections).toBe(1);
  });

  it("stop while the page is hidden", async () => {
    const page = await open();
    await untilPresented(all(TILES), 1);
    const setVisibility = (state: string) =>
      page.evaluate((state) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await setVisibility("hidden");
    await until("no watch", () => wall.watches.length === 0);
    await setVisibility("visible");
    await until("all watches", () => wall.watches.length === TILES);
    await untilPresented(all(TILES), 1);
  });

  it("stop while they are scrolled away", async () => {
    const page = await open();
    await page.setViewportSize({ width: 400, height: 700 });
    await until("fewer watches", () => wall.watches.length > 4 && wall.watches.length < TILES);
    expect(wall.watches.some(({ source }) => source === TILES)).toBe(false);
    await page
      .locator("wall-tile")
      .nth(TILES - 1)
      .scrollIntoViewIfNeeded();
    await until("the last one", () => wall.watches.some(({ source }) => source === TILES));
    await until("the first one gone", () => !wall.watches.some(({ source }) => source === 1));
    await untilPresented([TILES], 1);
  });

  it("go on while the page's main thread is blocked", async () => {
    const page = await open();
    await untilPresented(all(TILES));
    const blocked = page.evaluate(() => {
      const end = performance.now() + 2000;
      while (performance.now() < end);
    });
    let isOver = false;
    void blocked.then(() => {
      isOver = true;
    });
    // What was on its way when the page was blocked does not count.
    await pause(300);
    await untilPresented(all(TILES), 2);
    expect(isOver).toBe(false);
    await blocked;
  });

  it("never notice one whose pictures are damaged, and it comes back by itself", async () => {
    wall.damaged.add(3);
    wall.damaged.add(5);
    const page = await open();
    const others = all(TILES).filter((id) => id !== 3 && id !== 5);
    await untilPresented(others, 3);
    await until("a tile that says so", async () => /Not shown|cannot be decoded/.test(await tileText(page, 4)));
    await untilPresented(others, 3);
    expect(wall.connections).toBe(1);
    expect(wall.presented.get(3)).toBeUndefined();
    expect(await tileText(page, 0)).toMatch(/Live/);
    wall.damaged.clear();
    await untilPresented([3, 5], 2);
    await until("a live tile", async () => /Live/.test(await tileText(page, 2)));
  });
});

describe("what a tile says", () => {
  beforeEach(() => addSources(3));

  it("calls a picture old that nothing follows, greys it and counts its age, though the health is fine", async () => {
    const page = await open();
    await untilPresented(all(3));
    wall.silent.add(2);
    await until("an old picture", async () => /Old picture/.test(await tileText(page, 1)));
    const tile = page.locator("wall-tile").nth(1);
    expect(await tile.locator(".tile").getAttribute("class")).toContain("grey");
    const age = async () => Number.parseInt((await tile.locator(".age").textContent()) ?? "", 10);
    const first = await age();
    await until("an older picture", async () => (await age()) >= first + 2);
    expect(await tileText(page, 0)).toMatch(/Live/);
    wall.silent.clear();
    await until("a live tile", async () => /Live/.test(await tileText(page, 1)));
    expect(await tile.locator(".tile").getAttribute("class")).not.toContain("grey");
  });

  it("counts down to the next attempt, tells the last error, and why it is degraded", async () => {
    const page = await open();
    await untilPresented(all(3), 1);
    for (const id of [1, 2]) wall.silent.add(id);
    const retryAtUs = clockUs() + 30e6;
    wall.change(1, { health: healthOf("recovering", { attempt: 4, retryAtUs, detail: "It hung up." }) });
    wall.change(2, { health: healthOf("failed", { detail: "The password is wrong." }) });
    wall.change(3, { health: healthOf("degraded", { detail: "Half of it is damaged." }) });
    await until("a countdown", async () =>
      /Recovering. Attempt 4, next in \d+ s. It hung up/.test(await tileText(page, 0)),
    );
    const seconds = async () => Number(/next in (\d+) s/.exec(await tileText(page, 0))?.[1]);
    const first = await seconds();
    await until("fewer seconds", async () => (await seconds()) <= first - 2);
    expect(await tileText(page, 1)).toContain("Failed. The password is wrong.");
    expect(await tileText(page, 2)).toContain("Degraded. Half of it is damaged.");
    await untilPresented([3], 2);
  });

  it("shows one picture a minute and rests until something moves, where stills are wanted", async () => {
    const page = await chromium.context.newPage();
    // A minute is over after two seconds.
    page.on("worker", (worker) => {
      const shorten = (): void => {
        const wait = self.setTimeout;
        self.setTimeout = ((run: () => void, ms = 0) => wait(run, ms === 60_000 ? 2000 : ms)) as typeof setTimeout;
      };
      void worker.evaluate(shorten);
    });
    await page.goto(`${wall.url}/wall/#stills=1`);
    await until("a first picture of each", () => all(3).every((id) => (wall.presented.get(id) ?? 0) > 0));
    await until("no watch", () => wall.watches.length === 0);
    await until("a still", async () => /Still/.test(await tileText(page, 0)));
    expect(await page.locator("wall-tile").first().locator(".tile").getAttribute("class")).not.toContain("grey");
    const asked = (): number => wall.asked.filter(({ type }) => type === "watch").length;
    const before = asked();
    expect(before).toBe(3);
    await untilPresented(all(3), 1);
    await until("no watch again", () => asked() >= before + 3 && wall.watches.length === 0);
    expect(Math.max(...wall.presented.values())).toBeLessThan(6);
    const box = { x: 0, y: 0, width: 0.1, height: 0.1 };
    const source = wall.sources[1]?.path ?? "";
    const event = {
      id: 1,
      source,
      startedAtMs: Date.now(),
      endedAtMs: null,
      peak: 0.1,
      box,
      zones: [],
      snapshot: false,
    };
    wall.tell({ type: "motion", event });
    await untilPresented([2], 8);
    expect(wall.watches.some((watch) => watch.source === 2)).toBe(true);
  });
});

describe("the view", () => {
  beforeEach(() => addSources(10));

  it("comes out of the address: a group, its columns, without controls, round and round", async () => {
    const page = await open("#group=outside&columns=2&layout=4&cycle=2&kiosk=1");
    await until("four tiles", async () => (await page.locator("wall-tile").count()) === 4);
    const boxes = await page
      .locator("wall-tile")
      .evaluateAll((tiles) => tiles.map((tile) => tile.getBoundingClientRect().left));
    expect(new Set(boxes).size).toBe(2);
    expect(await page.locator(".bar").isVisible()).toBe(false);
    // Five are in the group: the fifth has a page of its own.
    await until("the other page", async () => (await page.locator("wall-tile").count()) === 1);
    await until("the first page", async () => (await page.locator("wall-tile").count()) === 4);
  });

  it("is remembered, searched and driven by keys", async () => {
    const page = await open();
    await until("all tiles", async () => (await page.locator("wall-tile").count()) === 10);
    await page.getByRole("button", { name: "Layout" }).click();
    await page.getByRole("menuitemradio", { name: "4", exact: true }).click();
    await until("four tiles", async () => (await page.locator("wall-tile").count()) === 4);
    expect(page.url()).toContain("layout=4");
    await page.keyboard.press("PageDown");
    await until("the second page", async () => /Camera 5/.test(await tileText(page, 0)));
    await page.goto(`${wall.url}/wall/`);
    await until("four tiles again", async () => (await page.locator("wall-tile").count()) === 4);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await until("the second one large", async () => /Back to the wall from Camera 2/.test(await tileText(page, 1)));
    await page.keyboard.press("Escape");
    const isFull = () => page.evaluate(() => document.fullscreenElement !== null);
    await page.keyboard.press("f");
    await until("full screen", isFull);
    await until("no controls", async () => (await page.locator(".filters").count()) === 0);
    await page.keyboard.press("f");
    await until("the window", async () => !(await isFull()));
    await page.locator(".search input").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("camera 9");
    await until("what was searched", async () => (await page.locator("wall-tile").count()) === 1);
    expect(await tileText(page, 0)).toMatch(/Camera 9/);
  });

  it("shows pictures evenly or with cross-fades, tells what that costs, and labels what is made up", async () => {
    const page = await open("#display=interpolated");
    await untilPresented(all(10));
    await page.getByRole("button", { name: "Figures of all tiles" }).click();
    await until(
      "a cost",
      async () =>
        Number(
          await page
            .locator(".cost b")
            .textContent()
            .then((text) => Number.parseInt(text ?? "", 10)),
        ) > 40,
    );
    expect(await page.locator("wall-tile .mark").first().textContent()).toBe("interpolated");
    await page.getByRole("radio", { name: /At once/ }).click();
    await until("no label", async () => (await page.locator("wall-tile .mark").count()) === 0);
    expect(await page.locator(".cost").textContent()).toContain("No picture waits.");
    await untilPresented(all(10));
    expect(page.url()).toContain("display=direct");
    await page.getByRole("radio", { name: /Evenly/ }).click();
    await untilPresented(all(10));
    expect(await page.locator(".cost").textContent()).toMatch(/Pictures wait \d+ ms on average/);
    expect(page.url()).not.toContain("display");
  });
});

describe("cameras", () => {
  beforeEach(() => addSources(2));

  it("are added with their password apart, tested, changed and removed", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Cameras" }).click();
    await page.getByRole("button", { name: "Add a camera" }).click();
    await page.locator("wall-cameras").getByLabel("Name").fill("Back door");
    await page.getByLabel("Address").fill("rtsp://admin:geheim@10.0.0.7/1");
    await page.getByRole("textbox", { name: /Groups/ }).fill("outside, north");
    expect(await page.getByLabel("Address").inputValue()).toBe("rtsp://10.0.0.7/1");
    await page.locator("form").getByRole("button", { name: "Test", exact: true }).click();
    await page.getByText("The camera does not answer.").waitFor();
    const found = { codec: "h264", width: 1920, height: 1080, fps: 25, bitrateBps: 3e6, firstPictureMs: 640 };
    wall.testAnswer = { delivery: { ...found, engine: "libav", engineReason: "", decoder: "" } };
    await page.locator("form").getByRole("button", { name: "Test", exact: true }).click();
    await page.getByText("1920 × 1080, 25 pictures per second").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await until("a camera", () => wall.cameras.has("back-door"));
    expect(wall.cameras.get("back-door")).toMatchObject({
      name: "Back door",
      groups: ["outside", "north"],
      source: { kind: "rtsp", url: "rtsp://10.0.0.7/1" },
      credentials: { username: "admin", password: "geheim" },
    });
    await page
      .getByRole("button", { name: /Back door/ })
      .first()
      .click();
    expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
    await page.locator("wall-cameras").getByLabel("Name").fill("Rear door");
    await page.getByRole("button", { name: "Save" }).click();
    await until("another name", () => wall.cameras.get("back-door")?.name === "Rear door");
    expect(wall.cameras.get("back-door")?.credentials).toEqual({ username: "admin", password: "geheim" });
    await page.getByRole("button", { name: "Remove Rear door" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await until("no such camera", () => !wall.cameras.has("back-door"));
  });

  it("are exported to a file and imported from one", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Cameras" }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export" }).click(),
    ]);
    const exported = JSON.parse(await readFile(await download.path(), "utf8")) as { cameras: Array<{ id: string }> };
    expect(exported.cameras.map(({ id }) => id)).toEqual(["camera-1", "camera-2"]);
    const list = { cameras: [...exported.cameras, { ...exported.cameras[0], id: "third", name: "Third" }] };
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: "Import" }).click(),
    ]);
    await chooser.setFiles({
      name: "list.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify(list)),
    });
    await page.getByRole("button", { name: /Third/ }).first().waitFor();
    expect(wall.cameras.has("third")).toBe(true);
  });

  it("have zones drawn on their picture, and show what the detector sees", async () => {
    const page = await open();
    await untilPresented([1]);
    await page.locator("wall-tile").first().locator(".open").click();
    await page.getByRole("button", { name: "Motion", exact: true }).click();
    await until("a wish for the detector's view", () =>
      wall.eventRequests.some(({ source, on }) => source === 1 && on),
    );
    await page.getByRole("button", { name: "Watch a zone" }).click();
    const point = page.getByRole("slider", { name: "Point 1 of Zone 1" });
    const box = await point.boundingBox();
    if (box === null) throw new Error("There is no point.");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x - 80, box.y - 40, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("slider", { name: "Sensitivity" }).fill("80");
    type Saved = { sensitivity: number; zones: Array<{ mode: string; points: number[][] }> };
    const saved = () => wall.cameras.get("camera-1")?.motion as Saved | undefined;
    await until("saved settings", () => saved()?.sensitivity === 80);
    expect(saved()?.zones[0]).toMatchObject({ mode: "include" });
    expect(saved()?.zones[0]?.points[0]?.[0]).toBeLessThan(0.29);
    const cells = Buffer.from([0, 0, 90, 0]).toString("base64");
    const view = {
      columns: 2,
      rows: 2,
      cells,
      threshold: 12,
      area: 0.25,
      suppressed: "the light changed",
      active: false,
      boxes: [],
    };
    wall.tell({ type: "motion-view", source: 1, view });
    await page.locator("wall-motion image").waitFor();
    await page.getByLabel("Look for movements").check();
    await page.getByText("Does not count: the light changed").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await until("no more views", () => wall.eventRequests.at(-1)?.on === false);
  });
});

it("makes no errors in the page's console", () => {
  const unexpected = chromium.errors.filter((text) => !/WebSocket|Failed to load resource/.test(text));
  expect(unexpected).toEqual([]);
});

declare global {
  interface HTMLElementTagNameMap {
    "wall-page": WallPage;
  }
}
