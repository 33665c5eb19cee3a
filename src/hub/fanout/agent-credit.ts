import { ProtocolError } from "../../base/index.ts";

/** An agent that is this far ahead does not heed its credits; after a change of size it may be somewhat ahead. */
const MAX_OUTSTANDING = 64;

/**
 * Which pictures the hub has acknowledged to the agent. The agent may run ahead by as many pictures as its credits; the
 * hub gives them back as fast as the fastest viewer does, so capture keeps to that viewer and never waits for a slower
 * one. With no viewer that takes pictures nothing is given back and capture stops.
 */
export class AgentCredit {
  readonly #unacked: number[] = [];

  /** Pictures received and not yet acknowledged to the agent. */
  get outstanding(): number {
    return this.#unacked.length;
  }

  /** A picture came. Throws {@link ProtocolError} when the agent runs ahead without end. */
  received(sequence: number): void {
    if (this.#unacked.length >= MAX_OUTSTANDING) {
      throw new ProtocolError("wrong-state", `More than ${MAX_OUTSTANDING} pictures came without a credit.`);
    }
    this.#unacked.push(sequence);
  }

  /**
   * The sequence to acknowledge now, if any, so that the agent may send as many pictures as the viewer with the most
   * free credits can take: `credits` is what the agent was given, `free` the most any viewer has free.
   */
  settle(credits: number, free: number): number | undefined {
    const surplus = this.#unacked.length - Math.max(0, credits - free);
    if (surplus <= 0) return undefined;
    const sequence = this.#unacked[surplus - 1];
    this.#unacked.splice(0, surplus);
    return sequence;
  }
}
