import type { Closable, Rect } from "../../base/index.ts";

/**
 * The ways from a decoded picture to the canvas: `copy` reads pixels and puts them (fastest without a GPU), `draw`
 * draws the frame on a 2D canvas, `webgl` uploads it as a texture. Which is fastest depends on the machine.
 */
export const PAINTER_NAMES = ["copy", "draw", "webgl"] as const;

export type PainterName = (typeof PAINTER_NAMES)[number];

export function isPainterName(text: string | null): text is PainterName {
  return (PAINTER_NAMES as readonly (string | null)[]).includes(text);
}

export type PictureSize = { readonly width: number; readonly height: number };

/** Puts pictures on one canvas, which keeps what was drawn: pixels outside the rectangles stay as they were. */
export type Painter = Closable & {
  readonly name: PainterName;
  readonly canvas: OffscreenCanvas;
  /**
   * Draws `rects` of the picture out of `image`, which shows its part `window` and may have another size than that. A
   * canvas of another size than the picture's is resized in the same moment as it is drawn to, so nobody sees it empty;
   * the caller then passes the whole picture as window and only rectangle. The image stays the caller's.
   */
  paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], window: Rect, size: PictureSize): void | Promise<void>;
  /** Gives the canvas another size, which empties it: the caller fills all of it in the same task. */
  resize(size: PictureSize): void;
  /** Puts exact pixels (R G B A) into a rectangle. */
  put(rect: Rect, pixels: Uint8ClampedArray<ArrayBuffer>): void;
  /** Copies a rectangle of the kept picture to another place of it; the two may overlap. */
  move(from: Rect, to: Rect): void;
  /** Waits until the drawing has really happened; for timing only. */
  finish(): void;
  /** Copies the whole picture of another painter's canvas, which has the same size. */
  adopt(canvas: OffscreenCanvas): void;
  /** R G B A of a rectangle inside the canvas, rows from top to bottom. */
  readPixels(rect: Rect): Uint8ClampedArray<ArrayBuffer>;
};

/** One painter's time for a whole picture in a trial, completion forced. `failed` says why it cannot be used. */
export type PainterTiming = {
  readonly painter: PainterName;
  readonly medianMs: number | undefined;
  readonly paints: number;
  readonly failed: string | undefined;
};

/** Which painter is in use and why; shown in the latency panel and remembered by the page. */
export type PainterReport = {
  readonly painter: PainterName;
  readonly reason: string;
  readonly renderer: string;
  readonly timings: readonly PainterTiming[];
  /** True once the choice rests on a trial in this browser with this renderer, so that it is worth remembering. */
  readonly settled: boolean;
};
