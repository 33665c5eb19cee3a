import type { Frame } from "node-av";
import { Emitter, EnvironmentError, type Event, type Rect } from "../../base/index.ts";
import type { Codec } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { EncodedPicture, EncoderLimits, PictureEncoder } from "./encoder.ts";
import { type EncoderOptions, openFirstEncoder, openNextEncoder } from "./first-encoder.ts";
import { H264Encoder } from "./h264-encoder.ts";
import { pictureSize, type Size } from "./picture-size.ts";

/** An encoder failed and the next one took over. */
export type EncoderSwitch = { readonly from: string; readonly to: string; readonly reason: string };

/**
 * An encoder that replaces itself when it fails: the next one of the ladder encodes the same picture, as a keyframe,
 * within the same call to `encode`. Size and codec stay with it; `encoder`, `reason` and `codecString` may change, and
 * `onSwitch` says so before `encode` returns. The failed encoder is not tried again. `encode` throws EnvironmentError
 * only when no encoder is left.
 */
export class FailoverEncoder implements PictureEncoder {
  readonly codec: Codec;
  readonly #switched = new Emitter<EncoderSwitch>();
  #options: EncoderOptions;
  #failed: readonly string[];
  #current: PictureEncoder;

  /** Opens the first encoder that works, like `openFirstEncoder`. */
  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#failed = options.skip ?? [];
    this.#current = openFirstEncoder(options);
    this.codec = this.#current.codec;
  }

  get width(): number {
    return this.#current.width;
  }

  get height(): number {
    return this.#current.height;
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
    picture: PixelBuffer | Frame,
    rects: readonly Rect[],
    options: { keyframe: boolean; timestampUs: number },
  ): EncodedPicture {
    for (;;) {
      try {
        return this.#current.encode(picture, rects, options);
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        this.#replace(error);
      }
    }
  }

  /** Changes the rate of the open encoder where that can be done, and opens another one where it cannot. */
  retune(limits: EncoderLimits): void {
    this.#options = { ...this.#options, limits };
    const { codec, sourceWidth, sourceHeight } = this.#options;
    const limit = { width: limits.videoWidth, height: limits.videoHeight };
    const size = pictureSize({ width: sourceWidth, height: sourceHeight }, limit, codec === "h264");
    const sameSize = size.width === this.width && size.height === this.height;
    if (sameSize && (!(this.#current instanceof H264Encoder) || this.#current.setRate(limits))) return;
    this.#reopen();
  }

  /** Software only: there it takes about as long as a few pictures. */
  resize(source: Size): boolean {
    if (!(this.#current instanceof H264Encoder && this.#current.isSoftware)) return false;
    this.#options = { ...this.#options, sourceWidth: source.width, sourceHeight: source.height };
    this.#reopen();
    return true;
  }

  close(): void {
    this.#current.close();
    this.#switched.close();
  }

  #reopen(): void {
    const before = this.#current;
    before.close();
    this.#current = openFirstEncoder({ ...this.#options, skip: this.#failed });
    if (this.#current.encoder === before.encoder && this.#current.codecString === before.codecString) return;
    this.#switched.emit({ from: before.encoder, to: this.#current.encoder, reason: "the size of the video changed" });
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
