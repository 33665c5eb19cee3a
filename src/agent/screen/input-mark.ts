/** The input that was injected last: whose, which, and when (microseconds of the monotonic clock). */
export type InjectedInput = { readonly viewer: number; readonly sequence: number; readonly injectedUs: number };

const BYTES = 24;

/**
 * Tells the screen threads which input was injected last, without a message that could arrive after the damage it
 * caused. One writer (the agent's main thread), any number of readers; a version counter makes reads consistent.
 */
export class InputMark {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #time: Float64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, 3);
    this.#time = new Float64Array(memory, 16, 1);
  }

  write(input: InjectedInput): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.store(this.#words, 1, input.viewer | 0);
    Atomics.store(this.#words, 2, input.sequence | 0);
    this.#time[0] = input.injectedUs;
    Atomics.add(this.#words, 0, 1);
  }

  /** The latest input, or undefined before the first one. */
  read(): InjectedInput | undefined {
    for (;;) {
      const version = Atomics.load(this.#words, 0);
      if (version === 0) return undefined;
      const viewer = Atomics.load(this.#words, 1) >>> 0;
      const sequence = Atomics.load(this.#words, 2) >>> 0;
      const injectedUs = this.#time[0] as number;
      if ((version & 1) === 0 && Atomics.load(this.#words, 0) === version) return { viewer, sequence, injectedUs };
    }
  }
}
