/** What a full queue does with one item more: refuse it, or make room by dropping the oldest. */
export type OverflowPolicy = "refuse" | "drop-oldest";

/** A first-in first-out queue with a limit, a policy and a counter of what it dropped or refused. */
export class BoundedQueue<T> {
  readonly maxItems: number;
  readonly #policy: OverflowPolicy;
  readonly #items: T[] = [];
  #dropped = 0;

  constructor(options: { maxItems: number; overflow: OverflowPolicy }) {
    if (!Number.isInteger(options.maxItems) || options.maxItems < 1) {
      throw new RangeError(`A queue needs room for at least one item, not ${options.maxItems}.`);
    }
    this.maxItems = options.maxItems;
    this.#policy = options.overflow;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Items refused or dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends `item`. Returns the item that was lost to it: the oldest, or `item` itself when the policy refuses. */
  push(item: T): T | undefined {
    let lost: T | undefined;
    if (this.#items.length >= this.maxItems) {
      this.#dropped += 1;
      if (this.#policy === "refuse") return item;
      lost = this.#items.shift();
    }
    this.#items.push(item);
    return lost;
  }

  shift(): T | undefined {
    return this.#items.shift();
  }

  clear(): void {
    this.#items.length = 0;
  }
}
