/** Behind by more than this, the playback does not catch up but goes on from where it is. */
const MAX_LAG_US = 500_000;

/** When each picture of a stream that is read faster than it plays is due. */
export class PlaybackClock {
  #offsetUs: number | undefined;
  #lostUs = 0;

  /** By how much the playback is behind where it would be without its pauses: part of every later picture's time. */
  get lostUs(): number {
    return this.#lostUs;
  }

  /** Microseconds until the picture at `ptsUs` is due; 0 when it is due now or late. */
  delayUs(ptsUs: number, nowUs: number): number {
    this.#offsetUs ??= nowUs - ptsUs;
    const delayUs = this.#offsetUs + ptsUs - nowUs;
    if (delayUs < -MAX_LAG_US) {
      this.#offsetUs = nowUs - ptsUs;
      this.#lostUs -= delayUs;
    }
    return Math.max(0, delayUs);
  }
}
