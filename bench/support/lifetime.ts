/**
 * Ends what a bench has started: closers run last-in first-out, each of them also when an earlier one fails, and once.
 * A closer that is deferred after the end runs at once.
 */
export class Lifetime {
  #closers: Array<() => unknown> = [];
  #closing: Promise<void> | undefined;

  get ended(): boolean {
    return this.#closing !== undefined;
  }

  defer(closer: () => unknown): void {
    if (this.#closing) void Promise.resolve().then(closer).catch(report);
    else this.#closers.push(closer);
  }

  /** A shorter lifetime inside this one. */
  child(): Lifetime {
    const child = new Lifetime();
    this.defer(() => child.close());
    return child;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer();
      } catch (error) {
        report(error);
      }
    }
  }
}

function report(error: unknown): void {
  process.stderr.write(`could not clean up: ${error instanceof Error ? error.message : String(error)}\n`);
}
