import type { Contestant, RunningContestant } from "../baseline/contestant.ts";
import { alignClocks, type Browser, type ClockAlignment, openBrowser } from "./browser.ts";
import type { Lifetime } from "./lifetime.ts";
import { pause } from "./monotonic.ts";
import { installPageDriver, type Placement } from "./page-driver.ts";
import { screen } from "./scene.ts";

/** A contestant with its picture on a page of a fresh browser, ready to be measured. */
export type Stage = {
  readonly contestant: RunningContestant;
  readonly browser: Browser;
  readonly placement: Placement;
  readonly clock: ClockAlignment;
};

const pictureTimeoutMs = 30_000;

/** Starts everything; it ends with the lifetime. */
export async function setStage(lifetime: Lifetime, contestant: Contestant): Promise<Stage> {
  const running = await contestant.start(lifetime);
  const browser = await openBrowser(lifetime);
  const { page, cdp } = browser;
  await page.goto(running.url);
  await page.evaluate(installPageDriver);
  const endMs = Date.now() + pictureTimeoutMs;
  for (;;) {
    const placement = await page.evaluate(({ width, height }) => benchDriver.find(width, height), screen);
    if (placement) return { contestant: running, browser, placement, clock: await alignClocks(cdp) };
    if (Date.now() > endMs) throw new Error(`${contestant.name} showed no ${screen.width}x${screen.height} picture.`);
    await pause(50);
  }
}
