import type { RungBudget, StreamSettings, Tier } from "../../protocol/index.ts";

/** What moves on a source: text gives up pictures a second first, motion gives up size first. */
export type Content = "text" | "motion";

/** One step of the ladder: a bit rate, and the size and rate of pictures that it is good for. */
export type Level = {
  readonly bitrate: number;
  readonly text: { readonly height: number; readonly fps: number };
  readonly motion: { readonly height: number; readonly fps: number };
};

/** How old a picture may be when it is presented, in microseconds. */
export const PROMISE_US: Readonly<Record<Tier, number>> = { ultra: 60_000, standard: 150_000, emergency: 500_000 };

/** Bit rate of the first level where the standard tier is all that is kept, and of the emergency tier's best one. */
const STANDARD_BITRATE = 12_000_000;

/** The emergency tier's levels, each about two thirds of the bit rate of the one above it. */
const EMERGENCY: readonly Level[] = [
  { bitrate: 8_000_000, text: { height: 720, fps: 30 }, motion: { height: 720, fps: 30 } },
  { bitrate: 5_300_000, text: { height: 720, fps: 20 }, motion: { height: 720, fps: 30 } },
  { bitrate: 3_500_000, text: { height: 720, fps: 15 }, motion: { height: 540, fps: 30 } },
  { bitrate: 2_400_000, text: { height: 720, fps: 12 }, motion: { height: 540, fps: 30 } },
  { bitrate: 1_600_000, text: { height: 720, fps: 10 }, motion: { height: 360, fps: 30 } },
  { bitrate: 1_050_000, text: { height: 720, fps: 10 }, motion: { height: 360, fps: 24 } },
  { bitrate: 700_000, text: { height: 540, fps: 8 }, motion: { height: 360, fps: 15 } },
  { bitrate: 470_000, text: { height: 540, fps: 8 }, motion: { height: 360, fps: 10 } },
  { bitrate: 300_000, text: { height: 360, fps: 5 }, motion: { height: 270, fps: 8 } },
];

/** A level below the top must save at least this much of it. */
const LEAST_SAVING = 0.8;
const LEAST_BITRATE = 100_000;

/** A stream begins at the best level of at most this rate, so that its first picture passes a slow path soon. */
const START_BITRATE = 2_400_000;

/** Level 0 is all that the settings allow; the others are the emergency tier's. There are at least two. */
export function ladderFor({ bitrate, fps, height }: StreamSettings): readonly Level[] {
  const top = { bitrate, text: { height, fps }, motion: { height, fps } };
  const below = EMERGENCY.filter((level) => level.bitrate <= bitrate * LEAST_SAVING);
  if (below.length > 0) return [top, ...below];
  const last = EMERGENCY.at(-1) as Level;
  return [top, { ...last, bitrate: Math.max(LEAST_BITRATE, Math.round(bitrate / 2)) }];
}

/** The level that a stream of which nothing is known begins at. */
export function startLevel(ladder: readonly Level[]): number {
  const index = ladder.findIndex(({ bitrate }) => bitrate <= START_BITRATE);
  return index < 0 ? ladder.length - 1 : index;
}

/** What pictures may take at a level. `saving` takes the standard tier's rate at the top level instead of the highest. */
export function budgetAt(
  settings: StreamSettings,
  ladder: readonly Level[],
  { level, content, saving }: { level: number; content: Content; saving: boolean },
): RungBudget {
  const step = ladder[level];
  if (step === undefined) throw new RangeError(`There is no level ${level}.`);
  if (level === 0) {
    const bitrate = saving ? Math.min(step.bitrate, STANDARD_BITRATE) : step.bitrate;
    return { bitrate, fps: settings.fps, videoWidth: settings.width, videoHeight: settings.height, coarse: false };
  }
  const { height, fps } = step[content];
  return {
    bitrate: step.bitrate,
    fps: Math.min(settings.fps, fps),
    videoWidth: Math.min(settings.width, Math.round((height * 16) / 9)),
    videoHeight: Math.min(settings.height, height),
    coarse: true,
  };
}
