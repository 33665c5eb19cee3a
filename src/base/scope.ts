/** Whatever acquires something has an idempotent `close`. */
export type Closable = { close(): void };

/**
 * Owns what must be released together. Resources are closed in the reverse order of `add`; adding to a closed scope
 * closes the resource at once, so a resource that arrives late (after an `await`) is never leaked.
 */
export class Scope implements Closable {
  #closers: Array<() => void> = [];
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes ownership and returns the resource. */
  add<T extends Closable>(resource: T): T {
    this.defer(() => resource.close());
    return resource;
  }

  /** Runs `closer` when the scope closes. */
  defer(closer: () => void): void {
    if (this.#closed) closer();
    else this.#closers.push(closer);
  }

  /** Closes everything, also when some of it throws; the errors are thrown together at the end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const errors: unknown[] = [];
    for (const closer of this.#closers.reverse()) {
      try {
        closer();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#closers = [];
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "Several resources failed to close.");
  }
}
