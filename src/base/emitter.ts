/** Stops the subscription that returned it; calling it again does nothing. */
export type Unsubscribe = () => void;

/** The listening half of an {@link Emitter}, which is what owners hand out. */
export type Event<T> = (listener: (value: T) => void) => Unsubscribe;

/**
 * One typed event. Listeners are called in the order of subscription; one added or removed while an event is being
 * delivered takes effect with the next event. A listener that throws stops the delivery and the error reaches `emit`'s
 * caller.
 */
export class Emitter<T> {
  #listeners: ReadonlyArray<(value: T) => void> = [];

  readonly event: Event<T> = (listener) => {
    const entry = (value: T): void => listener(value);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  };

  get listenerCount(): number {
    return this.#listeners.length;
  }

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }

  /** Drops every listener. */
  close(): void {
    this.#listeners = [];
  }
}
