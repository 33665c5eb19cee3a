import type { ShortStage } from "../../protocol/index.ts";

/** Where the time of one presented picture went, microseconds. */
export type PresentedTimes = {
  /** From the change on the source until the picture was on the screen. */
  readonly ageUs: number;
  readonly waitUs: number;
  readonly grabUs: number;
  readonly convertUs: number;
  readonly encodeUs: number;
  /** From the hub until the viewer's decoder, without the least that the distance costs. */
  readonly pathUs: number;
  /** What the distance costs. */
  readonly distanceUs: number;
  readonly decodeUs: number;
  readonly drawUs: number;
};

/** Times are looked at over this long: short enough to decide within half a second of a cause. */
export const RECENT_US = 300_000;
const MAX_SAMPLES = 64;

/** Values with the time they came at; only those of the last {@link RECENT_US} count. */
export class Recent<T> {
  #samples: { readonly atUs: number; readonly value: T }[] = [];

  add(value: T, nowUs: number): void {
    this.#samples.push({ atUs: nowUs, value });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  values(nowUs: number, spanUs = RECENT_US): T[] {
    while (this.#samples.length > 0 && (this.#samples[0] as { atUs: number }).atUs < nowUs - 2 * RECENT_US) {
      this.#samples.shift();
    }
    return this.#samples.filter(({ atUs }) => atUs > nowUs - spanUs).map(({ value }) => value);
  }

  clear(): void {
    this.#samples = [];
  }
}

/** The value in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** The stage that most of the time of late pictures goes into. */
export function slowestStage(samples: readonly PresentedTimes[]): ShortStage {
  const sum = (pick: (times: PresentedTimes) => number): number =>
    samples.reduce((total, times) => total + pick(times), 0);
  // What waits to be grabbed waits for the path, unless making pictures takes the time.
  const making = sum(({ grabUs, convertUs, encodeUs }) => grabUs + convertUs + encodeUs);
  const waiting = sum(({ waitUs }) => waitUs);
  const path = sum(({ pathUs }) => pathUs);
  const wait = making > path ? "encode" : "network";
  const shares: ReadonlyArray<readonly [ShortStage, number]> = [
    ["capture", sum(({ grabUs }) => grabUs)],
    ["convert", sum(({ convertUs }) => convertUs)],
    ["encode", sum(({ encodeUs }) => encodeUs) + (wait === "encode" ? waiting : 0)],
    ["network", path + (wait === "network" ? waiting : 0)],
    ["distance", sum(({ distanceUs }) => distanceUs)],
    ["decode", sum(({ decodeUs }) => decodeUs)],
    ["draw", sum(({ drawUs }) => drawUs)],
  ];
  return shares.reduce((most, share) => (share[1] > most[1] ? share : most))[0];
}
