import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import { reportTimes } from "../support/report-times.ts";
import { coloursAt, startScreencast } from "../support/screencast.ts";
import { ViewPage } from "../support/view-page.ts";
import { WholeProgram } from "../support/whole-program.ts";
import { openEventClient, type SeenEvent, type XEventClient } from "../support/x-event-client.ts";
import { XPainter } from "../support/x-painter.ts";
import { untilPageShows, XRootPicture } from "../support/x-root-picture.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const SCREEN = { width: 1280, height: 720 };
const WHOLE = { x: 0, y: 0, ...SCREEN };
const DESK = [0xc0, 0x40, 0x20] as const;
const ANNEX = [0x20, 0x60, 0xc0] as const;
/** Far darker than the two colours, also when they are greyed. */
const DARKEST = 32;
/** Time in which an input that must not arrive would have. */
const QUIET_MS = 400;

let desk: XServer;
let annex: XServer;
let painters: readonly XPainter[];
let program: WholeProgram;
let chromium: Chromium;
let page: ViewPage;

beforeAll(async () => {
  desk = await startXServer(SCREEN);
  annex = await startXServer(SCREEN);
  painters = [new XPainter(desk.display), new XPainter(annex.display)];
  program = await WholeProgram.start(desk.display);
  await program.startAgent(annex.display, "annex");
  chromium = await startChromium({ permissions: ["clipboard-read", "clipboard-write"] });
});
beforeEach(async () => {
  // What another client covered has to be painted again.
  for (const [index, [red, green, blue]] of [DESK, ANNEX].entries()) {
    painters[index]?.fill(WHOLE, (red << 16) | (green << 8) | blue);
  }
  page = await program.open(chromium, { search: "?source=desk/screen" });
});
afterEach(async () => {
  for (const open of chromium.context.pages()) await open.close();
});
afterAll(async () => {
  await chromium?.close();
  await program?.close();
  for (const painter of painters ?? []) painter.close();
  await desk?.stop();
  await annex?.stop();
});

async function clickPicture(on: ViewPage): Promise<void> {
  const { x, y } = await on.pointOf(640, 360);
  await on.page.mouse.click(x, y);
}

describe("two viewers of one screen", () => {
  let other: ViewPage;
  let client: XEventClient;
  beforeEach(async () => {
    client = await openEventClient(desk.display);
    other = await program.open(chromium, { search: "?source=desk/screen" });
  });
  afterEach(() => client.close());

  function seen(...kinds: SeenEvent["kind"][]): number {
    return client.events.filter(({ kind }) => kinds.includes(kind)).length;
  }

  async function control(of: ViewPage): Promise<string> {
    return of.inView(({ state }) => state.control);
  }

  async function untilControl(of: ViewPage, holder: string): Promise<void> {
    await vi.waitFor(async () => expect(await control(of)).toBe(holder), { timeout: 10_000, interval: 50 });
  }

  it("both see the same picture", async () => {
    const root = new XRootPicture(desk.display);
    try {
      const painter = new XPainter(desk.display);
      painter.fill({ x: 200, y: 150, width: 333, height: 222 }, 0x40c080);
      const picture = root.grab();
      for (const viewer of [page, other]) {
        expect((await untilPageShows(viewer, picture, 10_000)).differingPixels).toBe(0);
      }
      painter.close();
    } finally {
      root.close();
    }
  });

  it("one drives, the other one only after it took over, and nothing stays pressed", async () => {
    await clickPicture(page);
    await untilControl(page, "you");
    await untilControl(other, "other");
    await vi.waitFor(() => expect(seen("button-up")).toBe(1));
    const takeControl = (of: ViewPage) => of.page.getByRole("button", { name: "Take control" });
    expect(await takeControl(page).count()).toBe(0);

    client.clear();
    await clickPicture(other);
    await other.page.keyboard.type("no");
    await pause(QUIET_MS);
    expect(seen("button-down", "key-down", "motion")).toBe(0);

    await page.page.mouse.down();
    await page.page.keyboard.down("a");
    await vi.waitFor(() => expect([seen("button-down"), seen("key-down")]).toEqual([1, 1]));
    await takeControl(other).click();
    await untilControl(other, "you");
    await untilControl(page, "other");
    await vi.waitFor(() => expect([seen("button-up"), seen("key-up")]).toEqual([1, 1]));

    client.clear();
    await other.page.keyboard.type("yes");
    await vi.waitFor(() => expect(seen("key-up")).toBe(3));
    await page.page.keyboard.up("a");
    await page.page.mouse.up();
    await page.page.keyboard.type("no");
    await pause(QUIET_MS);
    expect([seen("key-down"), seen("button-down")]).toEqual([3, 0]);
  });

  it("a view-only link sees, and neither types nor clicks", async () => {
    await page.page.getByRole("button", { name: "More" }).click();
    await page.page.getByRole("menuitem", { name: "Copy a view-only link" }).click();
    await page.page.getByText("The view-only link is in your clipboard.").waitFor();
    const link = await page.page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain(program.url);
    // Another browser: this one has the administrator's cookie.
    const context = await chromium.context.browser()?.newContext();
    if (context === undefined) throw new Error("The browser has no second context.");
    try {
      const guest = new ViewPage(await context.newPage());
      await guest.page.goto(link);
      await guest.waitUntilLive();
      const root = new XRootPicture(desk.display);
      expect((await untilPageShows(guest, root.grab(), 10_000)).differingPixels).toBe(0);
      root.close();
      await guest.page.getByText("View only").waitFor();
      // Only the source that the link was made for.
      expect(await guest.inView(({ state }) => state.sources.map(({ path }) => path))).toEqual(["desk/screen"]);
      client.clear();
      await clickPicture(guest);
      await guest.page.keyboard.type("no");
      await guest.inView((view) => {
        view.takeControl();
        view.typeText("no");
        view.sendClipboard("no");
      });
      await pause(QUIET_MS);
      expect(client.events).toEqual([]);
      await clickPicture(page);
      await vi.waitFor(() => expect(seen("button-up")).toBe(1));
    } finally {
      await context.close();
    }
  });
});

describe("switching between two machines shows one or the other, never black", () => {
  async function switchBy(choose: () => Promise<void>, path: string, colour: readonly number[]): Promise<void> {
    const cast = await startScreencast(page.page);
    const startedMs = performance.now();
    await choose();
    const isShown = async (): Promise<void> => {
      const { shown, kind } = await page.inView(async (view) => ({
        shown: view.state.stream === undefined ? "" : view.state.source?.path,
        kind: view.state.picture.kind,
      }));
      expect([shown, kind]).toEqual([path, "live"]);
      expect(await page.pixel(640, 360)).toEqual(colour);
    };
    await vi.waitFor(isShown, { timeout: 10_000, interval: 5 });
    reportTimes(`switched to ${path}`, [performance.now() - startedMs]);
    // The old canvas goes after the new one has surely been shown.
    await pause(800);
    await cast.stop();
    const colours = await coloursAt(page.page, cast.pictures, await page.pointOf(200, 150));
    expect(colours.length).toBeGreaterThan(0);
    // On a busy machine the old picture may be greyed for a moment, which leaves half of its light beside the words.
    const brightest = colours.map((channels) => Math.max(...channels));
    expect(Math.min(...brightest)).toBeGreaterThan(DARKEST);
    expect(colours.at(-1)).toEqual(colour);
  }

  it("by the list", async () => {
    const items = page.page.locator("sightline-sources button");
    await vi.waitFor(async () => expect(await items.count()).toBe(2));
    const paths = await page.inView(({ state }) => state.sources.map(({ path }) => path));
    await switchBy(() => items.nth(paths.indexOf("annex/screen")).click(), "annex/screen", ANNEX);
    await switchBy(() => items.nth(paths.indexOf("desk/screen")).click(), "desk/screen", DESK);
  });

  it("by hotkey", async () => {
    await clickPicture(page);
    await switchBy(() => page.page.keyboard.press("Control+Alt+Shift+ArrowRight"), "annex/screen", ANNEX);
    const paths = await page.inView(({ state }) => state.sources.map(({ path }) => path));
    const digit = paths.indexOf("desk/screen") + 1;
    await switchBy(() => page.page.keyboard.press(`Control+Alt+Shift+Digit${digit}`), "desk/screen", DESK);
  });
});
