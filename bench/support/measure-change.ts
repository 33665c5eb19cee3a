import { monotonicMs, pause } from "./monotonic.ts";
import type { SeenChange } from "./page-driver.ts";
import { block } from "./scene.ts";
import type { Stage } from "./stage.ts";

const timeoutMs = 5000;
const inset = 8;
/** The block's first and last pixels, away from edges that a lossy codec blurs: the whole block must have changed. */
const corners = [
  { x: block.x + inset, y: block.y + inset },
  { x: block.x + block.width - inset, y: block.y + block.height - inset },
];

/** Clicks on the block: milliseconds from `pointerdown` in the page to the changed pixels, for each click. */
export async function measureClicks(stage: Stage, count: number): Promise<number[]> {
  const { page } = stage.browser;
  const { left, top, width, height } = stage.placement;
  await page.mouse.move(left + width / 2, top + height / 2);
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    await pause(restMs());
    await page.evaluate(([points, limit]) => benchDriver.arm(points, true, limit), [corners, timeoutMs] as const);
    await page.mouse.down();
    const seen = await page.evaluate(() => benchDriver.change as Promise<SeenChange>);
    await page.mouse.up();
    delays.push(seen.seenMs - seen.startMs);
  }
  return delays;
}

/** Flips the block without input: milliseconds from the program's painting to the changed pixels, for each flip. */
export async function measureFlips(stage: Stage, count: number): Promise<number[]> {
  const { page } = stage.browser;
  const { offsetMs } = stage.clock;
  const delays: number[] = [];
  for (let i = 0; i < count; i++) {
    await pause(restMs());
    await page.evaluate(([points, limit]) => benchDriver.arm(points, false, limit), [corners, timeoutMs] as const);
    await pause(10 + 20 * Math.random());
    const paintedMs = await stage.contestant.source.flip();
    const seen = await page.evaluate(() => benchDriver.change as Promise<SeenChange>);
    delays.push(seen.seenMs + offsetMs - paintedMs);
  }
  return delays;
}

/**
 * The same flips, seen in the canvas element of the page where a worker draws: the copy that the browser shows, some
 * frame ticks later. Empty where the page itself draws.
 */
export async function measureFlipsInElement(stage: Stage, count: number): Promise<number[]> {
  const { page } = stage.browser;
  if (!(await page.evaluate(() => benchDriver.drawnElsewhere))) return [];
  const readElementOnly = (value: boolean) =>
    page.evaluate((only) => {
      benchDriver.readElementOnly = only;
    }, value);
  await readElementOnly(true);
  const delays = await measureFlips(stage, count);
  await readElementOnly(false);
  return delays;
}

/** Brings the block up and flips it until code is warm and the first slow pictures are over. */
export async function warmUp(stage: Stage, count: number): Promise<void> {
  await stage.contestant.source.show("block");
  const endMs = monotonicMs() + 10_000;
  for (let done = 0; done < count; ) {
    try {
      await measureFlips(stage, 1);
      done++;
    } catch (error) {
      // A viewer may still be starting when its canvas is already there.
      if (monotonicMs() > endMs) throw error;
    }
  }
  await measureClicks(stage, Math.min(3, count));
}

/** Long enough that the next change finds a still screen, and never in step with anything. */
function restMs(): number {
  return 100 + 150 * Math.random();
}
