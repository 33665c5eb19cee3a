/** What has arrived, in order; a test takes out what it waits for and can look at the rest. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #waiting: (() => void)[] = [];

  put(item: T): void {
    this.all.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Forgets everything, so that large items can be freed. */
  clear(): void {
    this.all.length = 0;
    this.#taken = 0;
  }

  /** The next item that `accept` likes, from the first that no earlier call has passed. */
  async next(accept: (item: T) => boolean = () => true): Promise<T> {
    for (;;) {
      while (this.#taken < this.all.length) {
        const item = this.all[this.#taken] as T;
        this.#taken += 1;
        if (accept(item)) return item;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
