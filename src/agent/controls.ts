import { BoundedQueue, type Closable, describeError, Emitter, type Event, Scope } from "../base/index.ts";
import { monotonicUs } from "../node/index.ts";
import type { Input } from "../protocol/index.ts";
import type { Monitor } from "./capture/capturer.ts";
import { openClipboard, openInjector } from "./input/index.ts";
import type { Clipboard, InputInjector } from "./input/injector.ts";
import { InputMark } from "./screen/input-mark.ts";

/** Inputs that wait while text is being typed; a viewer that sends more in that time loses the newest. */
const MAX_WAITING_INPUTS = 1024;

type Waiting =
  | { readonly input: Input; readonly monitor: Monitor }
  | { readonly text: TypedText }
  | { readonly release: number };

/** Text to type, in the order of the viewer's other input. */
export type TypedText = { readonly viewer: number; readonly sequence: number; readonly text: string };

/**
 * Pointer, keyboard and clipboard of the machine. Everything is injected in the order it came, one at a time; what
 * cannot be had here (no XTEST, no selections) is told by a notice and then ignored.
 */
export class Controls implements Closable {
  readonly inputMark = new InputMark();
  readonly #injector: InputInjector | undefined;
  readonly #clipboard: Clipboard | undefined;
  readonly #notices = new Emitter<string>();
  readonly #waiting = new BoundedQueue<Waiting>({ maxItems: MAX_WAITING_INPUTS, overflow: "refuse" });
  readonly #scope = new Scope();
  #typing = false;

  readonly onNotice: Event<string> = this.#notices.event;
  /** Somebody at the machine copied text. */
  readonly onClipboard: Event<string>;

  constructor(injector: InputInjector | undefined, clipboard: Clipboard | undefined) {
    this.#injector = injector === undefined ? undefined : this.#scope.add(injector);
    this.#clipboard = clipboard === undefined ? undefined : this.#scope.add(clipboard);
    this.onClipboard = clipboard?.onText ?? (() => () => undefined);
    if (injector !== undefined) this.#scope.defer(injector.onNotice((text) => this.#notices.emit(text)));
    if (clipboard !== undefined) this.#scope.defer(clipboard.onNotice((text) => this.#notices.emit(text)));
  }

  /** Opens what is there. What is missing is reported through `problems`, in full sentences. */
  static async open(
    display: string | undefined,
    problems: (text: string) => void = () => undefined,
  ): Promise<Controls> {
    const attempt = async <T>(what: string, open: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await open();
      } catch (error) {
        problems(`${what} is not possible here: ${describeError(error)}`);
        return undefined;
      }
    };
    const injector = await attempt("Pointer and keyboard input", () => openInjector({ display }));
    const clipboard = await attempt("Clipboard exchange", () => openClipboard({ display }));
    return new Controls(injector, clipboard);
  }

  get canInject(): boolean {
    return this.#injector !== undefined;
  }

  get hasClipboard(): boolean {
    return this.#clipboard !== undefined;
  }

  inject(input: Input, monitor: Monitor): void {
    if (this.#typing) this.#waiting.push({ input, monitor });
    else this.#injectNow(input, monitor);
  }

  typeText(text: TypedText): void {
    if (this.#typing) this.#waiting.push({ text });
    else void this.#type(text);
  }

  /** Releases what the viewer holds: at once, and again after its inputs that still wait. */
  release(viewer: number): void {
    this.#injector?.release(viewer);
    if (this.#typing) this.#waiting.push({ release: viewer });
  }

  writeClipboard(text: string): void {
    this.#clipboard?.write(text);
  }

  close(): void {
    this.#waiting.clear();
    this.#scope.close();
  }

  #injectNow(input: Input, monitor: Monitor): void {
    if (this.#injector === undefined) return;
    this.#injector.inject(input, monitor);
    this.inputMark.write({ viewer: input.viewer, sequence: input.sequence, injectedUs: monotonicUs() });
  }

  async #type(typed: TypedText): Promise<void> {
    if (this.#injector === undefined) return;
    this.#typing = true;
    try {
      await this.#injector.typeText(typed.text);
      this.inputMark.write({ viewer: typed.viewer, sequence: typed.sequence, injectedUs: monotonicUs() });
    } catch (error) {
      this.#notices.emit(`Text could not be typed: ${describeError(error)}`);
    }
    this.#typing = false;
    this.#drain();
  }

  #drain(): void {
    while (!this.#typing) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if ("text" in next) void this.#type(next.text);
      else if ("release" in next) this.#injector?.release(next.release);
      else this.#injectNow(next.input, next.monitor);
    }
  }
}
