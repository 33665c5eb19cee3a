import type { Closable } from "../../../base/index.ts";
import type { Picture } from "../../../protocol/index.ts";
import type { DecodedPicture } from "../../decode/index.ts";
import type { Screen } from "../../render/index.ts";
import type { DisplayMode } from "../messages.ts";
import { CrossFade } from "./cross-fade.ts";
import { PresentationClock } from "./presentation-clock.ts";

type Waiting = { readonly decoded: DecodedPicture; readonly dueUs: number; readonly inFlight: number };

/** Decoded pictures that wait; a decoder has few. With one more the oldest is shown at once. */
const MAX_WAITING = 6;

/** A screen that shows pictures at once, in the rhythm in which they were taken, or with cross-fades between them. */
export class PacedScreen implements Closable {
  readonly #screen: Screen;
  readonly #nowUs: () => number;
  readonly #clock = new PresentationClock();
  readonly #invented = new WeakSet<Picture>();
  #mode: DisplayMode = "direct";
  #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #fade: CrossFade | undefined;

  /** `screen` stays the caller's. */
  constructor(screen: Screen, nowUs: () => number) {
    this.#screen = screen;
    this.#nowUs = nowUs;
  }

  /** What the mode costs: the average wait of a picture, milliseconds. */
  get bufferMs(): number {
    if (this.#mode === "direct") return 0;
    return this.#clock.meanWaitUs / 1000 + (this.#fade?.meanMs ?? 0);
  }

  setMode(mode: DisplayMode): void {
    if (mode === this.#mode) return;
    this.#flush(0);
    this.#mode = mode;
    this.#clock.clear();
    this.#fade?.close();
    this.#fade = mode === "interpolated" ? new CrossFade(this.#screen, this.#nowUs, this.#invented) : undefined;
  }

  /** Whether a picture that was shown is one that nobody took, made by a cross-fade. */
  isInvented(picture: Picture): boolean {
    return this.#invented.has(picture);
  }

  startStream(): void {
    this.#flush(0);
    this.#clock.clear();
    this.#fade?.finish();
    this.#screen.startStream();
  }

  present(decoded: DecodedPicture, inFlight: number): void {
    if (this.#mode === "direct") {
      this.#screen.present(decoded, inFlight);
      return;
    }
    const nowUs = this.#nowUs();
    const dueUs = nowUs + this.#clock.waitUs(decoded.picture.changeUs, nowUs);
    this.#waiting.push({ decoded, dueUs, inFlight });
    this.#flush(MAX_WAITING);
    this.#showDue();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#fade?.close();
    for (const { decoded } of this.#waiting) if (decoded.kind === "image") decoded.image.close();
    this.#waiting = [];
  }

  #showDue(): void {
    clearTimeout(this.#timer);
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const waitUs = next.dueUs - this.#nowUs();
      if (waitUs > 1000) {
        this.#timer = setTimeout(() => this.#showDue(), waitUs / 1000);
        return;
      }
      this.#waiting.shift();
      this.#show(next);
    }
  }

  /** Shows the oldest until at most so many wait. */
  #flush(keep: number): void {
    while (this.#waiting.length > keep) this.#show(this.#waiting.shift() as Waiting);
  }

  #show({ decoded, inFlight }: Waiting): void {
    if (this.#fade !== undefined && decoded.kind === "image") this.#fade.show(decoded, inFlight);
    else this.#screen.present(decoded, inFlight);
  }
}
