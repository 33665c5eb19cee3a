import type { Rect } from "../../base/index.ts";
import { type LegacySource, rgbaWord } from "./pixels.ts";

/** Bytes of the count in front of a delta's records. */
export const DELTA_COUNT_BYTES = 4;

/** Bytes of one record: u32 pixel index, R, G, B, A. */
export const DELTA_RECORD_BYTES = 8;

/** Deltas that list a changed pixel: the client may lose one of them before it is drawn, and tells nobody. */
const TIMES_LISTED = 3;

/** The most that one delta may list. */
export type DeltaLimits = {
  /** Pixels that changed, and repetitions of those that changed shortly before. */
  readonly maxChanges: number;
  /** Pixels of a resync, which lists everything bit by bit. */
  readonly maxResync: number;
};

/**
 * What one client of the delta wire has to be told: which pixels changed and how often each change was listed. A delta
 * lists what changed in the last three of them, so a lost one heals, and while a resync runs also the next part of the
 * whole picture. What does not fit waits, with the colour it has by then.
 */
export class DeltaState {
  readonly width: number;
  readonly height: number;
  readonly #colours: Uint32Array;
  /** How often each pixel has to be listed yet. */
  readonly #left: Uint8Array;
  readonly #rowPending: Uint32Array;
  #records = new Uint32Array(0);
  #pending = 0;
  #fresh = 0;
  #row = 0;
  #resyncAt: number;

  /** Starts with a black picture, which the client is thought to have. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#colours = new Uint32Array(width * height);
    this.#left = new Uint8Array(width * height);
    this.#rowPending = new Uint32Array(height);
    this.#resyncAt = width * height;
  }

  /** Whether there is something to list. */
  get pending(): boolean {
    return this.changing || this.resyncing;
  }

  /** Whether pixels changed that were not listed often enough. */
  get changing(): boolean {
    return this.#pending > 0;
  }

  /** Whether the whole picture is being listed. */
  get resyncing(): boolean {
    return this.#resyncAt < this.#colours.length;
  }

  /** Lists every pixel once more, from the next delta on. */
  resync(): void {
    this.#resyncAt = 0;
  }

  /** Takes over the whole picture without listing anything: a resync must list it. */
  adopt(source: LegacySource): void {
    this.#left.fill(0);
    this.#rowPending.fill(0);
    this.#pending = 0;
    this.#fresh = 0;
    for (let y = 0; y < this.height; y += 1) {
      const from = y * source.strideWords;
      for (let x = 0; x < this.width; x += 1) {
        this.#colours[y * this.width + x] = (source.pixels[from + x] as number) & 0xffffff;
      }
    }
  }

  /** Notes what changed inside the rectangle. The source must have the size of this state. */
  observe(source: LegacySource, rect: Rect): void {
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      let from = y * source.strideWords + rect.x;
      const end = from + rect.width;
      for (let at = y * this.width + rect.x; from < end; from += 1, at += 1) {
        const colour = (source.pixels[from] as number) & 0xffffff;
        if (colour === this.#colours[at]) continue;
        this.#colours[at] = colour;
        const left = this.#left[at] as number;
        if (left === TIMES_LISTED) continue;
        if (left === 0) {
          this.#rowPending[y] = (this.#rowPending[y] as number) + 1;
          this.#pending += 1;
        }
        this.#left[at] = TIMES_LISTED;
        this.#fresh += 1;
      }
    }
  }

  /**
   * The records of the next delta, a view that the next call overwrites: pairs of words that lie in memory as the wire
   * wants them. Where there are more changes than may be listed, new ones go before repetitions.
   */
  take(limits: DeltaLimits): Uint32Array {
    const resync = Math.min(limits.maxResync, this.#colours.length - this.#resyncAt);
    const most = Math.min(this.#pending, limits.maxChanges) + resync;
    if (this.#records.length < most * 2) this.#records = new Uint32Array(most * 2);
    const listed = this.#listChanges(limits.maxChanges);
    return this.#records.subarray(0, this.#listResync(listed, resync));
  }

  #listChanges(maxChanges: number): number {
    let repetitions = Math.max(0, maxChanges - this.#fresh);
    let out = 0;
    for (let step = 0; step < this.height && this.#pending > 0; step += 1) {
      const row = (this.#row + step) % this.height;
      if (this.#rowPending[row] === 0) continue;
      for (let at = row * this.width, end = at + this.width; at < end; at += 1) {
        const left = this.#left[at] as number;
        const isFresh = left === TIMES_LISTED;
        if (left === 0 || (!isFresh && repetitions === 0)) continue;
        if (out >= maxChanges * 2) {
          // The next delta goes on here, so that no part of the picture waits for ever.
          this.#row = row;
          return out;
        }
        out = this.#put(out, at);
        this.#left[at] = left - 1;
        if (isFresh) this.#fresh -= 1;
        else repetitions -= 1;
        if (left > 1) continue;
        this.#rowPending[row] = (this.#rowPending[row] as number) - 1;
        this.#pending -= 1;
      }
    }
    return out;
  }

  #listResync(start: number, count: number): number {
    let out = start;
    for (let step = 0; step < count; step += 1) out = this.#put(out, this.#resyncAt + step);
    this.#resyncAt += count;
    return out;
  }

  #put(out: number, at: number): number {
    this.#records[out] = at;
    this.#records[out + 1] = rgbaWord(this.#colours[at] as number);
    return out + 2;
  }
}
