import { ProtocolError } from "../../base/index.ts";

/** Credit that every connection begins with. */
export const INITIAL_WINDOW_BYTES = 64 << 10;

/** The most credit one connection gets: 100 ms of round trip at 670 Mbit/s. */
export const MAX_WINDOW_BYTES = 8 << 20;

/** What all windows of a channel together may grow by beyond their initial size. */
export const WINDOW_BUDGET_BYTES = 64 << 20;

/** What is left for windows to grow. */
export type WindowBudget = { remainingBytes: number };

/**
 * How much one connection's sender may send. It grows while the reader is quick and the network slow: whenever a window
 * was used up in less than two round trips, as long as the channel's budget lasts.
 */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #sizeBytes = INITIAL_WINDOW_BYTES;
  #grantedBytes = INITIAL_WINDOW_BYTES;
  #consumedBytes = 0;
  #lastGrantMs: number;

  constructor(budget: WindowBudget, nowMs: number) {
    this.#budget = budget;
    this.#lastGrantMs = nowMs;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Bytes arrived. Throws ProtocolError when there was no credit for them. */
  received(bytes: number): void {
    this.#grantedBytes -= bytes;
    if (this.#grantedBytes < 0) throw new ProtocolError("too-large", "A connection sent more than it had credit for.");
  }

  /** The reader took bytes. Returns the credit to grant now, or 0 while it is not worth a message. */
  consumed(bytes: number, nowMs: number, rttMs: number): number {
    this.#consumedBytes += bytes;
    if (this.#consumedBytes * 2 < this.#sizeBytes) return 0;
    const growth = Math.min(this.#sizeBytes, MAX_WINDOW_BYTES - this.#sizeBytes);
    const isSlowed = nowMs - this.#lastGrantMs < 2 * Math.max(rttMs, 1);
    let credit = this.#consumedBytes;
    if (isSlowed && growth > 0 && this.#budget.remainingBytes >= growth) {
      this.#budget.remainingBytes -= growth;
      this.#sizeBytes += growth;
      credit += growth;
    }
    this.#consumedBytes = 0;
    this.#grantedBytes += credit;
    this.#lastGrantMs = nowMs;
    return credit;
  }

  /** Gives back what it grew by. Idempotent. */
  close(): void {
    this.#budget.remainingBytes += this.#sizeBytes - INITIAL_WINDOW_BYTES;
    this.#sizeBytes = INITIAL_WINDOW_BYTES;
  }
}
