/** Answered pings that are compared, and unanswered ones that are remembered. */
const SAMPLES = 8;

/** Estimates how far an agent's clock is ahead of the hub's. Of the last pings the one with the least round trip counts. */
export class AgentClock {
  readonly #samples: { readonly roundTripUs: number; readonly offsetUs: number }[] = [];
  readonly #pings: number[] = [];
  #offsetUs = 0;

  /** Agent's clock minus the hub's, microseconds; 0 before the first answer. */
  get offsetUs(): number {
    return this.#offsetUs;
  }

  /** A ping is being sent. */
  pinged(sentUs: number): void {
    this.#pings.push(sentUs);
    if (this.#pings.length > SAMPLES) this.#pings.shift();
  }

  /** The ping of `sentUs` was answered with the agent's time and arrived at `receivedUs`. Others than sent ones are ignored. */
  pong(sentUs: number, agentUs: number, receivedUs: number): void {
    const index = this.#pings.indexOf(sentUs);
    if (index < 0) return;
    this.#pings.splice(index, 1);
    this.#samples.push({ roundTripUs: receivedUs - sentUs, offsetUs: agentUs - (sentUs + receivedUs) / 2 });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const best = this.#samples.reduce((least, sample) => (sample.roundTripUs < least.roundTripUs ? sample : least));
    this.#offsetUs = best.offsetUs;
  }
}
