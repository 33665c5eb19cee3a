import { type Load, measureLoad } from "./measure-load.ts";
import { monotonicMs, pause } from "./monotonic.ts";
import type { SeenPictures } from "./page-driver.ts";
import { cellCount, cellPixels, numberOfBits } from "./picture-number.ts";
import { type Quantiles, quantiles } from "./quantiles.ts";
import { scrollArea, videoArea } from "./scene.ts";
import type { Stage } from "./stage.ts";
import { lumaOfRgb, lumaOfRgba, structuralSimilarity } from "./structural-similarity.ts";
import { paintVideoPicture } from "./video-picture.ts";

/** How a moving picture arrived. */
export type Motion = {
  readonly paintedPerSecond: number;
  /** Distinct whole pictures seen per second. */
  readonly shownPerSecond: number;
  /** How long ago the shown picture was painted, at moments spread evenly over the run. */
  readonly ageMs: Quantiles;
  /** The share of moments that showed parts of two pictures, or an unreadable one. */
  readonly tornShare: number;
  readonly load: Load;
  /** Of shown video pictures to their originals; only for `video`. */
  readonly ssim?: number;
};

const settleMs = 1000;
const ssimPictures = 6;

/** Plays a moving scene for a while and watches what the page shows. */
export async function measureMotion(stage: Stage, mode: "video" | "scroll", seconds: number): Promise<Motion> {
  const { source } = stage.contestant;
  const { page } = stage.browser;
  const area = mode === "video" ? videoArea : scrollArea;
  await source.show(mode);
  await pause(settleMs);
  const startMs = monotonicMs();
  const { result: seen, load } = await measureLoad(stage, () =>
    page.evaluate(
      ([where, offset, pixels, count, durationMs]) => benchDriver.watch(where, offset, pixels, count, durationMs),
      [area, cellPixels / 2, cellPixels, cellCount, seconds * 1000] as const,
    ),
  );
  const endMs = monotonicMs();
  const painted = [...source.paintedAtMs.values()].filter((atMs) => atMs >= startMs && atMs < endMs).length;
  const ssim = mode === "video" && stage.contestant.serverPids.length > 0 ? await measureSimilarity(stage) : undefined;
  await source.show("still");
  return {
    paintedPerSecond: (painted * 1000) / (endMs - startMs),
    ...judge(seen, stage.clock.offsetMs, source.paintedAtMs, seconds),
    load,
    ...(ssim !== undefined && { ssim }),
  };
}

function judge(seen: SeenPictures, offsetMs: number, paintedAtMs: ReadonlyMap<number, number>, seconds: number) {
  const whole = new Set<number>();
  const ages: number[] = [];
  let torn = 0;
  seen.timesMs.forEach((timeMs, index) => {
    const top = numberOfBits(seen.topBits[index] ?? 0);
    const bottom = numberOfBits(seen.bottomBits[index] ?? 0);
    if (top === undefined || top !== bottom) torn++;
    else whole.add(top);
    // Half of an old picture is as old as its oldest part.
    const number = Math.min(top ?? Number.POSITIVE_INFINITY, bottom ?? Number.POSITIVE_INFINITY);
    const atMs = paintedAtMs.get(number);
    if (atMs !== undefined) ages.push(timeMs + offsetMs - atMs);
  });
  return {
    shownPerSecond: whole.size / seconds,
    ageMs: quantiles(ages),
    tornShare: torn / seen.timesMs.length,
  };
}

/** Compares a few shown pictures with what the program painted under the same number. */
async function measureSimilarity(stage: Stage): Promise<number> {
  const { width, height } = videoArea;
  const original = new Uint32Array(width * height);
  const values: number[] = [];
  for (let tries = 0; tries < 4 * ssimPictures && values.length < ssimPictures; tries++) {
    await pause(90 + 40 * Math.random());
    const shown = Buffer.from(await stage.browser.page.evaluate((area) => benchDriver.grab(area), videoArea), "base64");
    const number = numberInRow(shown, cellPixels / 2);
    if (number === undefined || number !== numberInRow(shown, height - 1 - cellPixels / 2)) continue;
    paintVideoPicture(number, original);
    values.push(structuralSimilarity(lumaOfRgb(original), lumaOfRgba(shown), width, height));
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function numberInRow(rgba: Uint8Array, row: number): number | undefined {
  let bits = 0;
  for (let cell = 0; cell < cellCount; cell++) {
    const green = rgba[4 * (row * videoArea.width + cell * cellPixels + cellPixels / 2) + 1] ?? 0;
    bits = (bits << 1) | (green >= 128 ? 1 : 0);
  }
  return numberOfBits(bits);
}
