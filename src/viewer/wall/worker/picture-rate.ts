const MAX_TIMES = 32;
const WINDOW_MS = 2000;

/** How often pictures come, from the moments at which they did (milliseconds of any one clock). */
export class PictureRate {
  #times: number[] = [];

  add(nowMs: number): void {
    this.#times.push(nowMs);
    if (this.#times.length > MAX_TIMES) this.#times.shift();
  }

  /** Median distance of the recent pictures; undefined before the second. */
  get intervalMs(): number | undefined {
    const distances = this.#times.slice(1).map((time, index) => time - (this.#times[index] as number));
    return distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)];
  }

  /** Pictures per second during the last two seconds. */
  fps(nowMs: number): number {
    const recent = this.#times.filter((time) => time > nowMs - WINDOW_MS);
    if (recent.length === MAX_TIMES) return ((MAX_TIMES - 1) * 1000) / Math.max(1, nowMs - (recent[0] as number));
    return (recent.length * 1000) / WINDOW_MS;
  }
}
