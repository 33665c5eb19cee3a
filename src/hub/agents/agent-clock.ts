import { ClockOffset } from "../../base/index.ts";

/** Unanswered pings that are remembered. */
const MAX_PINGS = 8;

/** Estimates how far an agent's clock is ahead of the hub's, from the answers to pings that were really sent. */
export class AgentClock {
  readonly #offset = new ClockOffset();
  readonly #pings: number[] = [];

  /** Agent's clock minus the hub's, microseconds; 0 before the first answer. */
  get offsetUs(): number {
    return this.#offset.offsetUs ?? 0;
  }

  /** A ping is being sent. */
  pinged(sentUs: number): void {
    this.#pings.push(sentUs);
    if (this.#pings.length > MAX_PINGS) this.#pings.shift();
  }

  /** The ping of `sentUs` was answered with the agent's time and arrived at `receivedUs`. Others than sent ones are ignored. */
  pong(sentUs: number, agentUs: number, receivedUs: number): void {
    const index = this.#pings.indexOf(sentUs);
    if (index < 0) return;
    this.#pings.splice(index, 1);
    this.#offset.add(sentUs, receivedUs, agentUs);
  }
}
