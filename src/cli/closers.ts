/** What a command has started, ended in the reverse order. */
export class Closers {
  readonly #closers: Array<() => void | Promise<void>> = [];

  add(closer: () => void | Promise<void>): void {
    this.#closers.push(closer);
  }

  /** Ends everything, also when some of it fails or takes longer than `maxMs` altogether; returns what went wrong. */
  async close(maxMs: number): Promise<unknown[]> {
    const errors: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), maxMs);
    });
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      const ended = runCloser(closer, errors);
      if ((await Promise.race([ended, timeout])) === "late")
        errors.push(new Error(`Ending took longer than ${maxMs} ms.`));
    }
    clearTimeout(timer);
    return errors;
  }
}

async function runCloser(closer: () => void | Promise<void>, errors: unknown[]): Promise<void> {
  try {
    await closer();
  } catch (error) {
    errors.push(error);
  }
}
