import type { TileWish } from "../messages.ts";

/** Widths that are asked for: a tile that grows by a few pixels is no reason for another stream. */
const WIDTHS = [160, 240, 320, 480, 640, 960, 1280, 1920, 2560, 3840, 7680] as const;

/**
 * What a tile of this size in device pixels has a use for. Large ones take all pictures, small ones a few a second, where
 * nobody sees more.
 */
export function limitsFor(width: number, height: number): Pick<TileWish, "maxWidth" | "maxHeight" | "maxFps"> {
  const maxWidth = WIDTHS.find((step) => step >= width - 1) ?? 7680;
  const aspect = width > 0 && height > 0 ? height / width : 9 / 16;
  const maxHeight = Math.min(4320, Math.max(16, Math.round(maxWidth * aspect)));
  return { maxWidth, maxHeight, maxFps: maxWidth <= 480 ? 10 : maxWidth <= 960 ? 15 : 60 };
}
