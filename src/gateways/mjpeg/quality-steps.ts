/** What a feed asks the hub for: pictures of its own kind, or of one that takes less. */
export type QualityStep = { readonly quality: number | undefined; readonly width: number | undefined };

/** Qualities that are tried one after the other when no client keeps up, and the last resort in pixels. */
const LOWER_QUALITIES = [55, 35] as const;
const LEAST_WIDTH = 480;
const USUAL_QUALITY = 80;

/** Clients are slow when the quickest of them takes longer than this many intervals for a picture, and quick below that. */
const SLOW_INTERVALS = 1.4;
const QUICK_INTERVALS = 0.4;
/** How quickly the usual time follows the last pictures. */
const WEIGHT = 0.25;
const LEAST_PICTURES = 6;
/** Before it goes down again, and up: the second doubles each time that going up turned out wrong. */
const DOWN_MS = 2000;
const UP_MS = 8000;
const MAX_UP_MS = 120_000;

/** The steps for pictures of a kind, best first. */
export function qualitySteps({ quality, width }: QualityStep, sourceWidth: number): readonly QualityStep[] {
  const lower = LOWER_QUALITIES.filter((each) => each < (quality ?? USUAL_QUALITY));
  const steps: QualityStep[] = [{ quality, width }, ...lower.map((each) => ({ quality: each, width }))];
  const half = Math.round((width ?? sourceWidth) / 2);
  if (half >= LEAST_WIDTH) steps.push({ quality: lower.at(-1) ?? quality, width: half });
  return steps;
}

/** Chooses a step from how long the quickest of the clients takes for each picture. */
export class StepChooser {
  readonly #count: number;
  readonly #intervalMs: number;
  #step = 0;
  #usualMs = 0;
  #pictures = 0;
  #changedMs: number;
  #roseMs = Number.NEGATIVE_INFINITY;
  #upMs = UP_MS;

  constructor(options: { count: number; fps: number; nowMs: number }) {
    this.#count = options.count;
    this.#intervalMs = 1000 / options.fps;
    this.#changedMs = options.nowMs;
  }

  get step(): number {
    return this.#step;
  }

  /** The quickest client had a picture after `tookMs`. Returns whether the step is another one now. */
  delivered(tookMs: number, nowMs: number): boolean {
    this.#usualMs += (tookMs - this.#usualMs) * (this.#pictures === 0 ? 1 : WEIGHT);
    this.#pictures += 1;
    if (this.#pictures < LEAST_PICTURES) return false;
    const sinceMs = nowMs - this.#changedMs;
    const slow = this.#usualMs > this.#intervalMs * SLOW_INTERVALS;
    const quick = this.#usualMs < this.#intervalMs * QUICK_INTERVALS;
    if (slow && sinceMs >= DOWN_MS && this.#step < this.#count - 1) {
      const regretted = nowMs - this.#roseMs < this.#upMs;
      this.#upMs = regretted ? Math.min(MAX_UP_MS, this.#upMs * 2) : UP_MS;
      return this.#change(this.#step + 1, nowMs);
    }
    if (!quick || sinceMs < this.#upMs || this.#step === 0) return false;
    this.#roseMs = nowMs;
    return this.#change(this.#step - 1, nowMs);
  }

  #change(step: number, nowMs: number): boolean {
    this.#step = step;
    this.#changedMs = nowMs;
    this.#pictures = 0;
    return true;
  }
}
