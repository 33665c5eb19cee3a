import { afterAll, beforeAll, expect, test } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { FilmPainter } from "../support/film-painter.ts";
import { ImpairedLink } from "../support/impaired-link.ts";
import { ServedScreen } from "../support/served-screen.ts";
import { ViewPage } from "../support/view-page.ts";
import { untilPageShows, XRootPicture } from "../support/x-root-picture.ts";

let screen: ServedScreen;
let film: FilmPainter;
let link: ImpairedLink;
let root: XRootPicture;
let chromium: Chromium;

beforeAll(async () => {
  screen = await ServedScreen.start({ width: 1280, height: 720 });
  film = new FilmPainter(screen.painter);
  link = await ImpairedLink.open(screen.port);
  root = new XRootPicture(screen.painter.connection.display);
  chromium = await startChromium();
});

afterAll(async () => {
  film?.stop();
  await chromium?.close();
  root?.close();
  await link?.close();
  await screen?.close();
});

test("on a narrow link the page shows smaller video scaled up, says why, and is exact at rest", async () => {
  const browserPage = await chromium.open(`http://127.0.0.1:${link.port}/#token=${screen.token}`);
  const page = new ViewPage(browserPage);
  await page.waitUntilLive();
  link.impair({ bps: 2e6 });
  film.play(20);
  const state = () => page.inView((view) => ({ tier: view.state.tier, decoding: view.state.decoding.codecs }));
  const isSmall = async (): Promise<boolean> => {
    const { tier } = await state();
    return tier !== undefined && tier.tier === "emergency" && tier.stage !== "none" && tier.videoHeight < 720;
  };
  await expect.poll(isSmall, { timeout: 20_000, interval: 100 }).toBe(true);
  const presented = () => page.inView(async (view) => (await view.exportTimings()).timings.picturesPresented);
  const before = await presented();
  await expect.poll(presented, { timeout: 20_000, interval: 200 }).toBeGreaterThan(before + 15);
  // The decoder took video of another size in the middle of the stream.
  expect((await state()).decoding).toContain("h264");
  film.stop();
  const shown = await untilPageShows(page, root.grab(), 60_000);
  expect(shown.differingPixels).toBe(0);
  link.impair({});
  film.play(10);
  await expect
    .poll(async () => (await state()).tier?.bitrate ?? 0, { timeout: 90_000, interval: 200 })
    .toBeGreaterThan(2_400_000);
  expect(chromium.errors).toEqual([]);
}, 200_000);
