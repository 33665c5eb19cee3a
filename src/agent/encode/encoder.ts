import type { Frame } from "node-av";
import type { Closable, Rect } from "../../base/index.ts";
import type { Codec, RungBudget } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";

/** One encoded picture. */
export type EncodedPicture = {
  /** The access unit (Annex B) or JPEG; a view that the next `encode` may overwrite. */
  readonly data: Uint8Array;
  /** Decodes without any earlier picture. */
  readonly keyframe: boolean;
  /** What may have changed, in pixels of the encoded picture; the whole picture for a keyframe or a JPEG. */
  readonly rects: readonly Rect[];
  readonly convertUs: number;
  readonly encodeUs: number;
};

/** What pictures may take from the next one on: rates, and the largest size of the encoded picture. */
export type EncoderLimits = Omit<RungBudget, "coarse">;

/** Turns grabs into pictures of one rung: scaling, pixel conversion and compression, synchronously on the caller's thread. */
export type PictureEncoder = Closable & {
  readonly codec: Codec;
  /** Name of the encoder: "h264_nvenc", "libx264", "mjpeg". */
  readonly encoder: string;
  /** Why this encoder: what was preferred and could not be used, or that it is the first choice. */
  readonly reason: string;
  /** WebCodecs codec string ("avc1.42e033") or "image/jpeg". */
  readonly codecString: string;
  /** Size of the encoded picture in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * Encodes the picture, of which only `rects` (in source pixels) changed since the previous call. Throws
   * `EnvironmentError` when the encoder failed; the caller then opens the next one.
   */
  encode(
    picture: PixelBuffer | Frame,
    rects: readonly Rect[],
    options: { keyframe: boolean; timestampUs: number },
  ): EncodedPicture;
  /**
   * Changes what the following pictures may take. `width` and `height` may change; the next picture is then a keyframe.
   * Throws `EnvironmentError` when no encoder can be opened for it.
   */
  retune?(limits: EncoderLimits): void;
  /**
   * Takes sources of another size from the next call on; that picture is a keyframe. Returns false, having changed
   * nothing, where this would take long (hardware). Throws `EnvironmentError` when no encoder can be opened for it.
   */
  resize?(source: { readonly width: number; readonly height: number }): boolean;
};
