import { Emitter, EnvironmentError, type Event, type Rect } from "../../base/index.ts";
import type { Codec } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { EncodedPicture, PictureEncoder } from "./encoder.ts";
import { type EncoderOptions, openFirstEncoder, openNextEncoder } from "./first-encoder.ts";

/** An encoder failed and the next one took over. */
export type EncoderSwitch = { readonly from: string; readonly to: string; readonly reason: string };

/**
 * An encoder that replaces itself when it fails: the next one of the ladder encodes the same picture, as a keyframe,
 * within the same call to `encode`. Size and codec stay; `encoder`, `reason` and `codecString` may change, and
 * `onSwitch` says so before `encode` returns. The failed encoder is not tried again. `encode` throws EnvironmentError
 * only when no encoder is left.
 */
export class FailoverEncoder implements PictureEncoder {
  readonly codec: Codec;
  readonly width: number;
  readonly height: number;
  readonly #options: EncoderOptions;
  readonly #switched = new Emitter<EncoderSwitch>();
  #failed: readonly string[];
  #current: PictureEncoder;

  /** Opens the first encoder that works, like `openFirstEncoder`. */
  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#failed = options.skip ?? [];
    this.#current = openFirstEncoder(options);
    this.codec = this.#current.codec;
    this.width = this.#current.width;
    this.height = this.#current.height;
  }

  get onSwitch(): Event<EncoderSwitch> {
    return this.#switched.event;
  }

  get encoder(): string {
    return this.#current.encoder;
  }

  get reason(): string {
    return this.#current.reason;
  }

  get codecString(): string {
    return this.#current.codecString;
  }

  encode(
    buffer: PixelBuffer,
    rects: readonly Rect[],
    options: { keyframe: boolean; timestampUs: number },
  ): EncodedPicture {
    for (;;) {
      try {
        return this.#current.encode(buffer, rects, options);
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        this.#replace(error);
      }
    }
  }

  close(): void {
    this.#current.close();
    this.#switched.close();
  }

  #replace(cause: EnvironmentError): void {
    const failed = this.#current;
    failed.close();
    this.#current = openNextEncoder({ ...this.#options, skip: this.#failed }, failed);
    this.#failed = [...this.#failed, failed.encoder];
    this.#switched.emit({ from: failed.encoder, to: this.#current.encoder, reason: cause.message });
  }
}

/**
 * Opens the encoder of a rung: the first that works, replaced by the next one of the ladder whenever it fails.
 *
 * In a worker thread, close it and let the thread end by itself: `Worker.terminate()` during a call into libav aborts
 * the whole process, because node-av cannot throw into a thread that is being torn down.
 */
export function openEncoder(options: EncoderOptions): FailoverEncoder {
  return new FailoverEncoder(options);
}
