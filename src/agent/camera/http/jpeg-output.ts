import { Emitter, type Event } from "../../../base/index.ts";
import type { JpegPicture } from "../../../codecs/index.ts";
import { monotonicUs } from "../../../node/index.ts";
import type { CameraPicture, EngineInfo } from "../engine.ts";
import { LastingFailure } from "../lasting-failure.ts";
import { describeFailure } from "./describe-failure.ts";

/** The events of an engine whose pictures are JPEGs without times of their own. */
export class JpegOutput {
  readonly #opened = new Emitter<EngineInfo>();
  readonly #pictures = new Emitter<CameraPicture>();
  readonly #failed = new Emitter<string>();
  readonly onOpened: Event<EngineInfo> = this.#opened.event;
  readonly onPicture: Event<CameraPicture> = this.#pictures.event;
  readonly onFailed: Event<string> = this.#failed.event;
  readonly #about: Pick<EngineInfo, "codec" | "fps" | "decoder">;
  #width = 0;
  #height = 0;
  #ended = false;
  #lasting = false;

  /** @param about what is told of the source; sizes come from the pictures */
  constructor(about: Pick<EngineInfo, "codec" | "fps" | "decoder">) {
    this.#about = about;
  }

  get lasting(): boolean {
    return this.#lasting;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Hands a picture on; its bytes are the receiver's. */
  deliver({ data, width, height }: JpegPicture): void {
    if (this.#ended) return;
    if (width !== this.#width || height !== this.#height) {
      this.#width = width;
      this.#height = height;
      this.#opened.emit({ ...this.#about, width, height });
    }
    const arrivedUs = monotonicUs();
    // A listener of onOpened may have closed the engine.
    if (!this.#ended) this.#pictures.emit({ kind: "jpeg", data, keyframe: true, ptsUs: arrivedUs, arrivedUs });
  }

  /** Tells why nothing more comes, unless it has ended before. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lasting = error instanceof LastingFailure;
    this.#failed.emit(describeFailure(error));
  }

  /** Nothing is told from here on. Idempotent. */
  close(): void {
    this.#ended = true;
    for (const emitter of [this.#opened, this.#pictures, this.#failed]) emitter.close();
  }
}
