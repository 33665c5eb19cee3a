import type { Event } from "../../dist/base/index.js";

/** The next value of an event, or the next one that `accept` likes. */
export function nextValue<T>(event: Event<T>, accept: (value: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve) => {
    const unsubscribe = event((value) => {
      if (!accept(value)) return;
      unsubscribe();
      resolve(value);
    });
  });
}

/** Lets time pass in which something must not happen. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
