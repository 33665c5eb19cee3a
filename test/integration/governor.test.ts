import { afterEach, expect, test } from "vitest";
import { pause } from "../support/events.ts";
import { FilmPainter } from "../support/film-painter.ts";
import { ImpairedLink } from "../support/impaired-link.ts";
import { PlayingViewer } from "../support/playing-viewer.ts";
import { reportTimes } from "../support/report-times.ts";
import { ServedScreen } from "../support/served-screen.ts";

const closers: Array<() => unknown> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(): Promise<{ screen: ServedScreen; film: FilmPainter }> {
  const screen = await ServedScreen.start({ width: 640, height: 360 });
  closers.push(() => screen.close());
  const film = new FilmPainter(screen.painter);
  closers.push(() => film.stop());
  return { screen, film };
}

async function watch(screen: ServedScreen, link?: ImpairedLink): Promise<PlayingViewer> {
  const viewer = await PlayingViewer.connect(`http://127.0.0.1:${link?.port ?? screen.port}`, screen.token);
  closers.push(() => viewer.close());
  await viewer.watch();
  return viewer;
}

function medianAge(viewer: PlayingViewer, fromMs: number, toMs: number): number {
  const ages = viewer.shown.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ ageMs }) => ageMs);
  return ages.sort((a, b) => a - b)[ages.length >> 1] ?? Number.POSITIVE_INFINITY;
}

test("a link that becomes narrow gets less, keeps its age, is exact at rest and gets everything back", async () => {
  const { screen, film } = await serve();
  const link = await ImpairedLink.open(screen.port);
  closers.push(() => link.close());
  const viewer = await watch(screen, link);
  film.play(20);
  const narrowMs = performance.now();
  link.impair({ bps: 1.2e6 });
  await viewer.until(() => viewer.tier?.tier === "emergency" && viewer.tier.stage !== "none");
  const fall = viewer.tiers.find(({ atMs, tier }) => atMs > narrowMs && tier === "emergency");
  reportTimes("emergency after the link became narrow", [(fall?.atMs ?? Number.NaN) - narrowMs]);
  await pause(2000);
  const fromMs = performance.now();
  await pause(6000);
  const toMs = performance.now();
  const middleMs = (fromMs + toMs) / 2;
  // What queued would add to every picture: at twice the rate of the link, three seconds would add as much again.
  expect(medianAge(viewer, middleMs, toMs)).toBeLessThan(medianAge(viewer, fromMs, middleMs) * 1.6 + 20);
  const limits = viewer.tiers.filter(({ atMs, tier }) => atMs > fromMs && tier === "emergency");
  for (const { bitrate, fps, videoWidth, videoHeight } of limits) {
    expect(bitrate).toBeLessThanOrEqual(8_000_000);
    expect(fps).toBeLessThanOrEqual(30);
    expect([videoWidth <= 1280, videoHeight <= 720]).toEqual([true, true]);
  }
  film.stop();
  await viewer.until(() => viewer.canvas.inexactPixels === 0);
  await pause(300);
  expect(viewer.canvas.differingPixels(screen.grab())).toBe(0);
  const before = viewer.pictures;
  await pause(700);
  expect(viewer.pictures).toBe(before);
  link.impair({});
  film.play(20);
  await viewer.until(() => (viewer.tier?.bitrate ?? 0) > 3_000_000);
}, 90_000);

test("a viewer on a narrow link costs another one nothing, and both share a rung where they can", async () => {
  const { screen, film } = await serve();
  const link = await ImpairedLink.open(screen.port);
  closers.push(() => link.close());
  const near = await watch(screen);
  film.play(8);
  await near.until(() => near.tier?.tier !== "emergency");
  const far = await watch(screen, link);
  expect(far.rung).toBe(near.rung);
  const { rung } = near;
  link.impair({ bps: 0.4e6 });
  await far.until(() => far.rung !== rung);
  const fromMs = performance.now();
  await pause(3000);
  const shown = (viewer: PlayingViewer): number => viewer.shown.filter(({ atMs }) => atMs > fromMs).length;
  expect(shown(near)).toBeGreaterThan(shown(far));
  expect(medianAge(near, fromMs, performance.now())).toBeLessThan(medianAge(far, fromMs, performance.now()));
  film.stop();
  await far.until(() => far.canvas.inexactPixels === 0);
  await near.until(() => near.canvas.inexactPixels === 0);
  await pause(300);
  const exact = screen.grab();
  expect([near.canvas.differingPixels(exact), far.canvas.differingPixels(exact)]).toEqual([0, 0]);
}, 90_000);
