import type { Contestant, Explanation } from "../baseline/contestant.ts";
import type { Lifetime } from "./lifetime.ts";
import { measureClicks, measureFlips, measureFlipsInElement, warmUp } from "./measure-change.ts";
import { type Load, measureLoad } from "./measure-load.ts";
import { type Motion, measureMotion } from "./measure-motion.ts";
import { pause } from "./monotonic.ts";
import { setStage } from "./stage.ts";

/** How much to measure in one turn; 0 leaves a part out. */
export type TurnPlan = {
  readonly clicks: number;
  readonly flips: number;
  readonly motionSeconds: number;
  readonly stillSeconds: number;
};

/** What one turn of one contestant measured. */
export type Turn = {
  readonly startSeconds: number;
  readonly clockErrorMs: number;
  readonly clickMs: number[];
  /** Of the whole time in which there were clicks. */
  readonly clickLoad: Load;
  readonly flipMs: number[];
  /** Only where a worker draws. */
  readonly flipInElementMs: number[];
  readonly video?: Motion;
  readonly scroll?: Motion;
  readonly still?: Load;
  /** By scene, from a contestant that measures itself. */
  readonly explanations: Readonly<Record<string, Explanation>>;
};

const warmUpFlips = 10;
const stillSettleMs = 2000;

/** Starts a contestant and a browser afresh, measures, and ends both. `say` gets what is being done. */
export async function takeTurn(
  outer: Lifetime,
  contestant: Contestant,
  plan: TurnPlan,
  say: (doing: string) => void,
): Promise<Turn> {
  const lifetime = outer.child();
  try {
    say("starting");
    const startMs = Date.now();
    const stage = await setStage(lifetime, contestant);
    const startSeconds = (Date.now() - startMs) / 1000;
    const explanations: Record<string, Explanation> = {};
    const explain = async (scene?: string) => {
      const explanation = await stage.contestant.explain?.(stage.browser.page);
      if (scene && explanation) explanations[scene] = explanation;
    };
    await warmUp(stage, warmUpFlips);
    await explain();
    say("clicks");
    const { result: clickMs, load: clickLoad } = await measureLoad(stage, () => measureClicks(stage, plan.clicks));
    await explain("clicks");
    say("flips");
    const flipMs = await measureFlips(stage, plan.flips);
    const flipInElementMs = await measureFlipsInElement(stage, plan.flips);
    await stage.contestant.source.show("still");
    const motion: { video?: Motion; scroll?: Motion } = {};
    if (plan.motionSeconds > 0) {
      for (const mode of ["video", "scroll"] as const) {
        say(mode);
        await explain();
        motion[mode] = await measureMotion(stage, mode, plan.motionSeconds);
        await explain(mode);
      }
    }
    let still: Load | undefined;
    if (plan.stillSeconds > 0) {
      say("still");
      await pause(stillSettleMs);
      still = (await measureLoad(stage, () => pause(plan.stillSeconds * 1000))).load;
    }
    return {
      startSeconds,
      clockErrorMs: stage.clock.errorMs,
      clickMs,
      clickLoad,
      flipMs,
      flipInElementMs,
      ...motion,
      ...(still && { still }),
      explanations,
    };
  } finally {
    say("ending");
    await lifetime.close();
  }
}
