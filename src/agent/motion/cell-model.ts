/** What a cell's change may be without movement, before its own noise is known, levels. */
const FIRST_NOISE = 1.5;
const NOISE_TIME_S = 4;
/** Movement that goes on and on in one place becomes part of what is usual there, slowly. */
const USUAL_TIME_S = 40;
/** No noise makes a cell blind to changes stronger than this, levels. */
const MAX_NOISE_MARGIN = 28;
/** A cell's brightness is compared with its own mean over this time to see whether it changes at all. */
const RECENT_TIME_S = 0.8;
/** A cell that has not changed for this long is not moving, however different from the background: something stopped. */
const STILL_S = 1.2;

/** The strictness of a sensitivity from 1 to 100: least change in levels, and multiples of the noise's own variation. */
export function strictnessOf(sensitivity: number): { readonly minChange: number; readonly noiseFactor: number } {
  const share = (sensitivity - 1) / 99;
  return { minChange: 28 * (1 / 14) ** share, noiseFactor: 10 - 7 * share };
}

/** What is usual in each cell: its noise, and when it last changed by itself. */
export class CellModel {
  readonly #noise: Float32Array;
  readonly #variation: Float32Array;
  readonly #recent: Float32Array;
  readonly #changedAtS: Float64Array;
  #started = false;

  constructor(cells: number) {
    this.#noise = new Float32Array(cells);
    this.#variation = new Float32Array(cells);
    this.#recent = new Float32Array(cells);
    this.#changedAtS = new Float64Array(cells);
    this.reset();
  }

  reset(): void {
    this.#noise.fill(FIRST_NOISE);
    this.#variation.fill(FIRST_NOISE / 2);
    this.#started = false;
  }

  /** The change that a cell must exceed to count. */
  threshold(cell: number, minChange: number, noiseFactor: number): number {
    const margin = (this.#noise[cell] as number) + noiseFactor * (this.#variation[cell] as number);
    return minChange + Math.min(margin, MAX_NOISE_MARGIN);
  }

  /** Takes the mean brightness of all cells and remembers which have changed by themselves. */
  observe(means: Float32Array, minChange: number, nowS: number, seconds: number): void {
    const share = this.#started ? seconds / (seconds + RECENT_TIME_S) : 1;
    for (let cell = 0; cell < means.length; cell += 1) {
      const mean = means[cell] as number;
      const off = mean - (this.#recent[cell] as number);
      this.#recent[cell] = (this.#recent[cell] as number) + off * share;
      const least = Math.min(minChange, 4) / 2 + 2 * (this.#variation[cell] as number);
      if (!this.#started) this.#changedAtS[cell] = nowS - STILL_S;
      else if (Math.abs(off) > least) this.#changedAtS[cell] = nowS;
    }
    this.#started = true;
  }

  /** How long a cell has looked the same, seconds. */
  stillFor(cell: number, nowS: number): number {
    return nowS - (this.#changedAtS[cell] as number);
  }

  isStill(cell: number, nowS: number): boolean {
    return nowS - (this.#changedAtS[cell] as number) > STILL_S;
  }

  /** Learns a cell's change; slowly where it moved, quickly in the first second (`share` of the new value given). */
  learn(cell: number, change: number, moved: boolean, seconds: number, fastShare: number): void {
    const time = moved ? USUAL_TIME_S : NOISE_TIME_S;
    const share = Math.max(fastShare, seconds / (seconds + time));
    const off = change - (this.#noise[cell] as number);
    this.#noise[cell] = (this.#noise[cell] as number) + off * share;
    const variation = this.#variation[cell] as number;
    this.#variation[cell] = variation + (Math.abs(off) - variation) * share;
  }
}
