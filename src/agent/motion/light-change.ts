/** Differences are counted in steps of half a level of brightness. */
const STEPS_PER_LEVEL = 2;
const BINS = 2 * 255 * STEPS_PER_LEVEL + 1;
/** Dark and bright cells must differ by this much before a gain is told apart from an offset. */
const MIN_SPREAD = 10;
/** Smaller changes are left to the background's own adaptation. */
const MIN_CHANGE = 0.25;

/**
 * Estimates how the light of the whole picture has changed against the background: an offset and a gain, from the median
 * change of the darker and of the brighter half of its cells. Medians, so that whatever moves in less than half of each
 * does not count as light.
 */
export class LightChange {
  readonly #levels = new Int32Array(256);
  readonly #dark = new Int32Array(BINS);
  readonly #bright = new Int32Array(BINS);
  /** What a background level looks like in the light of now; index is the level rounded down. */
  readonly expected = new Float32Array(257);
  /** The larger change of the two halves, levels. */
  strength = 0;

  /** Takes the mean brightness of each cell, now and in the background. */
  estimate(now: Float32Array, background: Float32Array): void {
    const cells = now.length;
    const split = this.#medianLevel(background);
    this.#dark.fill(0);
    this.#bright.fill(0);
    let darkSum = 0;
    let darkCells = 0;
    let brightSum = 0;
    for (let cell = 0; cell < cells; cell += 1) {
      const level = background[cell] as number;
      const change = Math.round(((now[cell] as number) - level) * STEPS_PER_LEVEL) + 255 * STEPS_PER_LEVEL;
      if (level < split) {
        this.#dark[change] = (this.#dark[change] as number) + 1;
        darkSum += level;
        darkCells += 1;
      } else {
        this.#bright[change] = (this.#bright[change] as number) + 1;
        brightSum += level;
      }
    }
    const brightCells = cells - darkCells;
    const bright = medianChange(this.#bright, brightCells);
    const brightLevel = brightSum / brightCells;
    const darkLevel = darkCells === 0 ? brightLevel : darkSum / darkCells;
    const dark = darkCells === 0 ? bright : medianChange(this.#dark, darkCells);
    const spread = brightLevel - darkLevel;
    const slope = spread < MIN_SPREAD ? 0 : clamp((bright - dark) / spread, -0.9, 3);
    const middle = (dark * darkCells + bright * brightCells) / cells;
    const middleLevel = (darkLevel * darkCells + brightLevel * brightCells) / cells;
    this.strength = Math.max(Math.abs(dark), Math.abs(bright));
    const counts = this.strength >= MIN_CHANGE;
    for (let level = 0; level <= 256; level += 1) {
      const change = counts ? middle + slope * (level - middleLevel) : 0;
      this.expected[level] = clamp(level + change, 0, 255);
    }
  }

  #medianLevel(background: Float32Array): number {
    const levels = this.#levels.fill(0);
    for (let cell = 0; cell < background.length; cell += 1) {
      const level = (background[cell] as number) | 0;
      levels[level] = (levels[level] as number) + 1;
    }
    let below = 0;
    for (let level = 0; level < 256; level += 1) {
      below += levels[level] as number;
      if (below * 2 >= background.length) return level;
    }
    return 255;
  }
}

function medianChange(bins: Int32Array, count: number): number {
  let below = 0;
  for (let bin = 0; bin < BINS; bin += 1) {
    const here = bins[bin] as number;
    // Within the middle bin the median lies where half of all are below, which resolves changes finer than a bin.
    if ((below + here) * 2 >= count) {
      return (bin - 0.5 + (count / 2 - below) / here) / STEPS_PER_LEVEL - 255;
    }
    below += here;
  }
  return 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
