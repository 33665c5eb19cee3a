import { Emitter, type Event } from "../../base/index.ts";

/** The events of a transport: what arrives before anybody listens waits, and the end comes once. */
export class TransportEvents {
  readonly #messages = new Emitter<Uint8Array>();
  readonly #drained = new Emitter<void>();
  readonly #closed = new Emitter<string>();
  #early: Uint8Array[] | undefined = [];
  #endReason: string | undefined;

  readonly onDrain: Event<void> = this.#drained.event;

  get isClosed(): boolean {
    return this.#endReason !== undefined;
  }

  readonly onMessage: Event<Uint8Array> = (listener) => {
    const unsubscribe = this.#messages.event(listener);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) listener(message);
    return unsubscribe;
  };

  readonly onClose: Event<string> = (listener) => {
    const unsubscribe = this.#closed.event(listener);
    if (this.#endReason !== undefined) listener(this.#endReason);
    return unsubscribe;
  };

  message(bytes: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    if (this.#early === undefined) this.#messages.emit(bytes);
    else this.#early.push(bytes);
  }

  drained(): void {
    if (this.#endReason === undefined) this.#drained.emit();
  }

  closed(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#closed.emit(reason);
    this.#messages.close();
    this.#drained.close();
    this.#closed.close();
  }
}
