import type { Closable, Rect } from "../../base/index.ts";
import type { PictureKind, RungBudget, SentPixels } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";

/** The payload of one picture message, a view that the plane's next call invalidates; rectangles are in its pixels. */
export type PlanePicture = {
  readonly kind: PictureKind;
  readonly keyframe: boolean;
  readonly intra: boolean;
  readonly rects: readonly Rect[];
  /** The part of the source that video shows, when that is not all of it. */
  readonly window?: Rect | undefined;
  readonly payload: Uint8Array;
  readonly convertUs: number;
  readonly encodeUs: number;
};

/** Receives the pictures of one call in the order they must be drawn; must copy the payload before it returns. */
export type PictureSink = (picture: PlanePicture) => void;

/** What a rung's pictures are made of: video alone, or video and lossless tiles together. */
export type Plane = Closable & {
  readonly width: number;
  readonly height: number;
  /** How the pictures were made up since the start; undefined for planes that send one kind only. */
  readonly sentPixels?: SentPixels;
  /**
   * Makes the pictures that bring viewers up to date with the damaged rectangles of the source; none when nothing really
   * changed. With `keyframe` the first one needs nothing earlier and the whole source is covered. Throws what the encoder
   * throws.
   */
  encode(
    buffer: PixelBuffer,
    rects: readonly Rect[],
    options: { keyframe: boolean; nowUs: number },
    sink: PictureSink,
  ): void;
  /** What the pictures may take from the next one on. */
  setBudget(budget: RungBudget): void;
  /** When `refine` has something to do next, in microseconds of the clock; Infinity while everything is exact. */
  refineUs(): number;
  /** Makes one picture that brings regions at rest closer to the source. */
  refine(buffer: PixelBuffer, nowUs: number, sink: PictureSink): void;
};
