import type { MotionReport, MotionSettings } from "../../protocol/index.ts";
import { type CellBox, shareOf } from "./moving-regions.ts";

/** An event that goes on tells again at most this often. */
const UPDATE_MS = 1000;
/** Growth of the peak, and of the box in cells, that is worth telling. */
const GROWN_PEAK = 1.25;
const GROWN_CELLS = 3;
/** A picture is better when this much more moves in it, and the last best one is this old. */
const BETTER = 1.4;
const BETTER_MS = 500;

/** What one picture showed: movement in this part of the watched zones, in these zones. */
export type Movement = { area: number; zoneBits: number };

/** Turns pictures with and without movement into events: start, update, end. */
export class MotionCourse {
  readonly #grid: { readonly columns: number; readonly rows: number };
  #number = 0;
  #active = false;
  /** Pictures in a row that showed enough. */
  #run = 0;
  #lastUs = 0;
  #toldUs = 0;
  #bestUs = 0;
  #peak = 0;
  #toldPeak = 0;
  #bestArea = 0;
  #zoneBits = 0;
  #toldZoneBits = 0;
  readonly #box: CellBox = { left: 0, top: 0, right: 0, bottom: 0 };
  readonly #toldBox: CellBox = { left: 0, top: 0, right: 0, bottom: 0 };
  /** Whether the picture of the last call shows the event best so far. */
  best = false;

  constructor(grid: { readonly columns: number; readonly rows: number }) {
    this.#grid = grid;
  }

  get active(): boolean {
    return this.#active;
  }

  /** The box around the whole event, or around the pictures that may become one. */
  get box(): CellBox {
    return this.#box;
  }

  /** A picture that moves enough. The caller has extended {@link box} by its regions. */
  moved(movement: Movement, atUs: number, minFrames: number, names: readonly string[]): MotionReport | undefined {
    this.best = false;
    this.#run += 1;
    this.#lastUs = atUs;
    this.#peak = Math.max(this.#peak, movement.area);
    this.#zoneBits |= movement.zoneBits;
    if (!this.#active) {
      if (this.#run < minFrames) return undefined;
      this.#active = true;
      this.#number += 1;
      this.#chooseBest(movement.area, atUs);
      return this.#report("start", atUs, names);
    }
    if (movement.area > this.#bestArea * BETTER && atUs - this.#bestUs >= BETTER_MS * 1000) {
      this.#chooseBest(movement.area, atUs);
    }
    return atUs - this.#toldUs >= UPDATE_MS * 1000 && this.#hasGrown()
      ? this.#report("update", atUs, names)
      : undefined;
  }

  /** A picture in which nothing moves enough. */
  calm(atUs: number, settings: MotionSettings, names: readonly string[]): MotionReport | undefined {
    this.best = false;
    this.#run = 0;
    if (!this.#active) {
      this.#forget();
      return undefined;
    }
    return atUs - this.#lastUs >= settings.coolDownMs * 1000 ? this.end(names) : undefined;
  }

  /** Ends the running event, if there is one. */
  end(names: readonly string[]): MotionReport | undefined {
    this.best = false;
    this.#run = 0;
    const report = this.#active ? this.#report("end", this.#lastUs, names) : undefined;
    this.#active = false;
    this.#forget();
    return report;
  }

  /** The zones are others now; those touched so far cannot be named any more. */
  forgetZones(): void {
    this.#zoneBits = 0;
    this.#toldZoneBits = 0;
  }

  #forget(): void {
    this.#peak = 0;
    this.#zoneBits = 0;
    this.#box.left = this.#grid.columns;
    this.#box.top = this.#grid.rows;
    this.#box.right = 0;
    this.#box.bottom = 0;
  }

  #chooseBest(area: number, atUs: number): void {
    this.best = true;
    this.#bestArea = area;
    this.#bestUs = atUs;
  }

  #hasGrown(): boolean {
    const box = this.#box;
    const told = this.#toldBox;
    const growth = told.left - box.left + told.top - box.top + box.right - told.right + box.bottom - told.bottom;
    return this.#peak > this.#toldPeak * GROWN_PEAK || growth >= GROWN_CELLS || this.#zoneBits !== this.#toldZoneBits;
  }

  #report(phase: MotionReport["phase"], atUs: number, names: readonly string[]): MotionReport {
    this.#toldUs = atUs;
    this.#toldPeak = this.#peak;
    this.#toldZoneBits = this.#zoneBits;
    Object.assign(this.#toldBox, this.#box);
    const zones = names.filter((_, index) => (this.#zoneBits & (1 << index)) !== 0);
    return {
      event: this.#number,
      phase,
      atUs,
      peak: Math.min(1, this.#peak),
      box: shareOf(this.#box, this.#grid),
      zones,
    };
  }
}
