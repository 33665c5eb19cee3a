import type { Closable, Event, Rect } from "../../base/index.ts";

/** A way to get a screen's pixels. */
export type CaptureBackend =
  | "x11-shm"
  | "x11-get-image"
  | "libav-x11grab"
  | "libav-gdigrab"
  | "libav-ddagrab"
  | "libav-avfoundation";

/**
 * The kept picture of a source: 4 bytes a pixel, B G R X, rows from top to bottom. It is overwritten in place by the
 * next grab and outlives it, so it is always the whole picture as of the last grab.
 */
export type PixelBuffer = {
  readonly pixels: Uint8Array;
  readonly strideBytes: number;
  readonly width: number;
  readonly height: number;
};

/** What one grab brought. Times are in microseconds of the agent's monotonic clock (`monotonicUs`). */
export type Grab = {
  readonly buffer: PixelBuffer;
  /** Where pixels may have changed since the previous grab, in pixels of the source; never empty. */
  readonly rects: readonly Rect[];
  /** When the first of these changes was reported. */
  readonly changeUs: number;
  readonly grabStartUs: number;
  readonly grabEndUs: number;
};

/** The shape of the pointer: straight-alpha R G B A pixels; width and height 0 while the pointer is hidden. */
export type CursorShape = {
  readonly width: number;
  readonly height: number;
  readonly hotspotX: number;
  readonly hotspotY: number;
  readonly rgba: Uint8Array;
};

/**
 * Captures one source. It never polls: `onChange` fires when the system reports a change, and then stays quiet until
 * the change has been taken with `grab`. All methods are called on one thread.
 */
export type Capturer = Closable & {
  readonly backend: CaptureBackend;
  /** Why this backend and not a better one, for people to read. */
  readonly reason: string;
  readonly width: number;
  readonly height: number;
  /** There is something to grab; the value is the time of the change in microseconds. */
  readonly onChange: Event<number>;
  readonly onCursor: Event<CursorShape>;
  /** The source changed its size or went away; this capturer delivers nothing more and must be closed. */
  readonly onGone: Event<"resized" | "removed" | "failed">;
  /**
   * Copies all pending changes into the kept picture. The first grab always brings the whole picture. Returns
   * undefined when nothing is pending. Throws `EnvironmentError` when the source can no longer be read.
   */
  grab(): Grab | undefined;
  /** Makes the next grab bring the whole picture, and reports a change. */
  invalidate(): void;
};

/** One monitor that can be captured, in pixels of its display. `key` is stable across restarts and hot-plug. */
export type Monitor = {
  readonly key: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly primary: boolean;
};
