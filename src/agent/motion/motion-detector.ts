import type { MotionReport, MotionSettings, MotionView } from "../../protocol/index.ts";
import { Background } from "./background.ts";
import { CameraShift } from "./camera-shift.ts";
import { CellModel, strictnessOf } from "./cell-model.ts";
import { LightChange } from "./light-change.ts";
import { MotionCourse } from "./motion-course.ts";
import { CELL_EDGE } from "./motion-plane.ts";
import { MovingRegions } from "./moving-regions.ts";
import { isSameScene } from "./picture-structure.ts";
import { rasterizeZones, type ZoneMask } from "./zone-mask.ts";

/** What one picture meant. The object is the detector's own and is overwritten by the next call. */
export type MotionVerdict = {
  /**
   * What to tell the hub now, without a snapshot; undefined when there is nothing new. The report itself is the caller's
   * to keep and to complete.
   */
  report: MotionReport | undefined;
  /**
   * This picture shows the running event better than all before it: keep a full picture of it, and send it as the
   * snapshot of the next update or of the end. True at most a few times an event, so it may be encoded at once.
   */
  best: boolean;
  /** Part of the watched zones that moves now, 0 to 1, also below the least area that counts. */
  area: number;
  /** Why movement does not count now, for people; empty when it does. */
  suppressed: string;
};

/** Watches one camera. Pure: time comes with the pictures, which come at most {@link MOTION_MAX_FPS} times a second. */
export type MotionDetector = {
  /**
   * Looks at one picture: `luma` holds `width * height` bytes of brightness, row by row without padding (`width` and
   * `height` as {@link motionPlaneSize} gave them), and is not kept. `atUs` is the agent's monotonic clock. Allocates
   * only when there is a report.
   */
  detect(luma: Uint8Array, atUs: number): MotionVerdict;
  /** Takes other settings from the next picture on; what was learnt about the picture stays. */
  configure(settings: MotionSettings): void;
  /**
   * The camera was lost or has just come back: what was learnt is forgotten and the next pictures only teach. Returns
   * the end of the running event, to be sent with its best picture.
   */
  reset(): MotionReport | undefined;
  /** What the last picture looked like to the detector, for a person who tunes it. Allocates. */
  view(): MotionView;
};

/** Makes the detector of a camera whose planes have this size, see {@link motionPlaneSize}. Throws RangeError for others. */
export function createMotionDetector(
  size: { readonly width: number; readonly height: number },
  settings: MotionSettings,
): MotionDetector {
  return new CellDetector(size, settings);
}

/** A camera that has just opened delivers damaged and badly exposed pictures for this long. */
const LEARN_S = 1.5;
const LEARN_PICTURES = 6;
/** How long movement does not count after the light was switched; exposure and white balance settle meanwhile. */
const LIGHT_S = 1.2;
/** A change of the whole picture's light by this many levels from one picture to the next is a switch. */
const SWITCH_LEVELS = 8;
/** So is a change in this share of all cells, where the scene's edges stay in place. */
const SWITCH_SHARE = 0.45;
/** Background learning: what does not move, what moves, and what has moved and stays. Time constants, seconds. */
const CALM_TIME_S = 6;
const MOVING_TIME_S = 30;
const STOPPED_TIME_S = 0.7;
/** Something new that has not moved for this long belongs to the background. */
const STOPPED_S = 2.5;
/** While the camera shakes this part of the slope at a pixel is forgiven. */
const SHAKE_TOLERANCE = 0.6;
const SHAKE_S = 1;
/** Regions smaller than this many cells are specks, unless the settings ask for less. */
const MAX_SPECK_CELLS = 4;
/** The background learns from every n-th cell of a picture, from other ones in the next: it changes slowly anyway. */
const LEARN_STEP = 4;
/** Longest time between pictures that is learnt from as if it had been watched, seconds. */
const MAX_STEP_S = 1;

class CellDetector implements MotionDetector {
  readonly #columns: number;
  readonly #rows: number;
  readonly #luma: number;
  readonly #background: Background;
  readonly #cells: CellModel;
  readonly #light = new LightChange();
  readonly #shift: CameraShift;
  readonly #regions: MovingRegions;
  readonly #course: MotionCourse;
  readonly #changes: Float32Array;
  readonly #moving: Uint8Array;
  readonly #movement = { area: 0, zoneBits: 0 };
  readonly #verdict: MotionVerdict = { report: undefined, best: false, area: 0, suppressed: "" };
  #settings: MotionSettings;
  #strictness: { readonly minChange: number; readonly noiseFactor: number };
  #mask: ZoneMask;
  #pictures = 0;
  #firstS = 0;
  #lastS = 0;
  #lightUntilS = Number.NEGATIVE_INFINITY;
  #shakeUntilS = Number.NEGATIVE_INFINITY;

  constructor({ width, height }: { readonly width: number; readonly height: number }, settings: MotionSettings) {
    if (width < CELL_EDGE || height < CELL_EDGE || width % CELL_EDGE !== 0 || height % CELL_EDGE !== 0) {
      throw new RangeError(`A plane of ${width}x${height} has no whole cells of ${CELL_EDGE} pixels.`);
    }
    const grid = { columns: width / CELL_EDGE, rows: height / CELL_EDGE };
    this.#columns = grid.columns;
    this.#rows = grid.rows;
    this.#luma = width * height;
    this.#background = new Background(grid);
    this.#cells = new CellModel(grid.columns * grid.rows);
    this.#shift = new CameraShift({ width, height });
    this.#regions = new MovingRegions(grid);
    this.#course = new MotionCourse(grid);
    this.#changes = new Float32Array(grid.columns * grid.rows);
    this.#moving = new Uint8Array(grid.columns * grid.rows);
    this.#settings = settings;
    this.#strictness = strictnessOf(settings.sensitivity);
    this.#mask = rasterizeZones(settings.zones, grid);
  }

  configure(settings: MotionSettings): void {
    this.#settings = settings;
    this.#strictness = strictnessOf(settings.sensitivity);
    this.#mask = rasterizeZones(settings.zones, { columns: this.#columns, rows: this.#rows });
    this.#course.forgetZones();
  }

  reset(): MotionReport | undefined {
    this.#pictures = 0;
    this.#moving.fill(0);
    this.#changes.fill(0);
    this.#verdict.area = 0;
    return this.#course.end(this.#mask.names);
  }

  detect(luma: Uint8Array, atUs: number): MotionVerdict {
    if (luma.length < this.#luma) throw new RangeError(`A plane of ${this.#luma} bytes was expected.`);
    const nowS = atUs / 1e6;
    this.#background.measure(luma);
    if (this.#pictures === 0) this.#begin(luma, nowS);
    const seconds = Math.min(Math.max(nowS - this.#lastS, 0), MAX_STEP_S);
    this.#lastS = nowS;
    this.#pictures += 1;
    this.#cells.observe(this.#background.nowMeans, this.#strictness.minChange, nowS, seconds);
    const learning = this.#pictures <= LEARN_PICTURES || nowS - this.#firstS < LEARN_S;
    const switched = this.#followLight(luma, nowS, learning);
    if (learning || switched) this.#relearn(luma, learning, seconds);
    else this.#look(luma, nowS, seconds);
    this.#tell(atUs, learning ? "learning the picture" : switched ? "the light has changed" : "");
    return this.#verdict;
  }

  view(): MotionView {
    const { minChange, noiseFactor } = this.#strictness;
    const { watched, watchedCells } = this.#mask;
    let sum = 0;
    for (let cell = 0; cell < watched.length; cell += 1) {
      if (watched[cell] === 1) sum += this.#cells.threshold(cell, minChange, noiseFactor);
    }
    const threshold = watchedCells === 0 ? minChange : sum / watchedCells;
    let text = "";
    // Cells have thresholds of their own; they are scaled so that one threshold fits all of them.
    for (let cell = 0; cell < watched.length; cell += 1) {
      const scale = threshold / this.#cells.threshold(cell, minChange, noiseFactor);
      text += String.fromCharCode(Math.min(255, Math.round((this.#changes[cell] as number) * scale)));
    }
    return {
      columns: this.#columns,
      rows: this.#rows,
      cells: btoa(text),
      threshold: Math.min(255, threshold),
      area: this.#verdict.area,
      suppressed: this.#verdict.suppressed,
      active: this.#course.active,
      boxes: this.#regions.boxes(),
    };
  }

  #begin(luma: Uint8Array, nowS: number): void {
    this.#background.adopt(luma);
    this.#cells.reset();
    this.#firstS = nowS;
    this.#lastS = nowS;
    this.#lightUntilS = Number.NEGATIVE_INFINITY;
    this.#shakeUntilS = Number.NEGATIVE_INFINITY;
  }

  /** Brings the background into the light of now. Returns whether the light was switched, now or just before. */
  #followLight(luma: Uint8Array, nowS: number, learning: boolean): boolean {
    const background = this.#background;
    this.#light.estimate(background.nowMeans, background.levelMeans);
    if (!learning) {
      const sudden = this.#light.strength >= SWITCH_LEVELS || this.#changedShare() >= SWITCH_SHARE;
      if (sudden && isSameScene(background.nowMeans, background.levelMeans, this.#columns)) {
        // Only the picture of the switch itself is taken whole: what moves afterwards must not become background.
        if (nowS >= this.#lightUntilS || this.#light.strength >= SWITCH_LEVELS) background.adopt(luma);
        this.#lightUntilS = nowS + LIGHT_S;
        this.#light.estimate(background.nowMeans, background.levelMeans);
      }
    }
    if (this.#light.strength > 0.25 && this.#light.strength < SWITCH_LEVELS) background.relight(this.#light.expected);
    return nowS < this.#lightUntilS;
  }

  #changedShare(): number {
    const { nowMeans, levelMeans } = this.#background;
    const { minChange, noiseFactor } = this.#strictness;
    let changed = 0;
    for (let cell = 0; cell < nowMeans.length; cell += 1) {
      const off = Math.abs((nowMeans[cell] as number) - (levelMeans[cell] as number));
      if (off > this.#cells.threshold(cell, minChange, noiseFactor)) changed += 1;
    }
    return changed / nowMeans.length;
  }

  /** Takes the picture as it is for what is usual. */
  #relearn(luma: Uint8Array, learning: boolean, seconds: number): void {
    this.#background.compare(luma, this.#background.levels, 0, this.#changes);
    const share = learning ? Math.max(1 / this.#pictures, 0.15) : 0.3;
    for (let cell = 0; cell < this.#changes.length; cell += 1) {
      this.#background.learn(luma, cell, share);
      if (learning) this.#cells.learn(cell, this.#changes[cell] as number, false, seconds, share);
    }
    this.#moving.fill(0);
    this.#regions.find(this.#moving, 1);
    this.#count();
  }

  #look(luma: Uint8Array, nowS: number, seconds: number): void {
    this.#background.compare(luma, this.#background.levels, 0, this.#changes);
    this.#mark(nowS);
    // Looking for a shift costs as much as all the rest, so it is done only where it could matter.
    if (this.#counts() || nowS < this.#shakeUntilS) this.#allowForShake(luma, nowS);
    const shaking = nowS < this.#shakeUntilS;
    for (let cell = 0; cell < this.#changes.length; cell += 1) {
      const moved = this.#moving[cell] !== 0;
      const change = this.#changes[cell] as number;
      const isOff = this.#isOff(cell, change);
      if ((cell + this.#pictures) % LEARN_STEP === 0) {
        const stopped = isOff && this.#cells.stillFor(cell, nowS) > STOPPED_S;
        const time = moved ? MOVING_TIME_S : stopped ? STOPPED_TIME_S : CALM_TIME_S;
        const passed = seconds * LEARN_STEP;
        this.#background.learn(luma, cell, passed / (passed + time));
      }
      if (!shaking) this.#cells.learn(cell, change, moved || isOff, seconds, 0);
    }
  }

  #isOff(cell: number, change: number): boolean {
    return change > this.#cells.threshold(cell, this.#strictness.minChange, this.#strictness.noiseFactor);
  }

  /** Finds what moves by the changes of the cells. */
  #mark(nowS: number): void {
    const { watched, watchedCells } = this.#mask;
    for (let cell = 0; cell < watched.length; cell += 1) {
      const counts = this.#isOff(cell, this.#changes[cell] as number) && !this.#cells.isStill(cell, nowS);
      this.#moving[cell] = counts && watched[cell] === 1 ? 1 : 0;
    }
    const least = (watchedCells * this.#settings.minAreaPercent) / 100;
    this.#regions.find(this.#moving, Math.max(1, Math.min(MAX_SPECK_CELLS, Math.ceil(least / 2))));
    this.#count();
  }

  #allowForShake(luma: Uint8Array, nowS: number): void {
    const off = this.#shift.find(luma, this.#background.levels);
    if (off) this.#shakeUntilS = nowS + SHAKE_S;
    if (nowS >= this.#shakeUntilS) return;
    const levels = off ? this.#shift.shifted : this.#background.levels;
    this.#background.compare(luma, levels, SHAKE_TOLERANCE, this.#changes);
    this.#mark(nowS);
  }

  #count(): void {
    const { watchedCells, zoneBits } = this.#mask;
    this.#movement.area = watchedCells === 0 ? 0 : this.#regions.cells / watchedCells;
    this.#movement.zoneBits = 0;
    for (let cell = 0; cell < this.#moving.length; cell += 1) {
      if (this.#moving[cell] !== 0) this.#movement.zoneBits |= zoneBits[cell] as number;
    }
  }

  #counts(): boolean {
    return this.#movement.area > 0 && this.#movement.area * 100 >= this.#settings.minAreaPercent;
  }

  #tell(atUs: number, suppressed: string): void {
    const course = this.#course;
    const { names } = this.#mask;
    if (this.#counts()) {
      this.#regions.extend(course.box);
      this.#verdict.report = course.moved(this.#movement, atUs, this.#settings.minFrames, names);
    } else {
      this.#verdict.report = course.calm(atUs, this.#settings, names);
    }
    this.#verdict.best = course.best;
    this.#verdict.area = this.#movement.area;
    this.#verdict.suppressed = suppressed;
  }
}
