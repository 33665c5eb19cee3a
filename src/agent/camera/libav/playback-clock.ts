/** Behind by more than this, the playback does not catch up but goes on from where it is. */
const MAX_LAG_US = 500_000;

/** When each picture of a stream that is read faster than it plays is due. */
export class PlaybackClock {
  #offsetUs: number | undefined;

  /** Microseconds until the picture at `ptsUs` is due; 0 when it is due now or late. */
  delayUs(ptsUs: number, nowUs: number): number {
    this.#offsetUs ??= nowUs - ptsUs;
    const delayUs = this.#offsetUs + ptsUs - nowUs;
    if (delayUs < -MAX_LAG_US) this.#offsetUs = nowUs - ptsUs;
    return Math.max(0, delayUs);
  }
}
