import type { SourceInfo } from "../../protocol/index.ts";
import type { LinkState } from "../messages.ts";
import type { PainterName } from "../render/index.ts";

/** `still` fetches one picture a minute, `off` none at all: the tile is hidden or off screen. */
export type TileMode = "live" | "still" | "off";

/**
 * When pictures are painted: `direct` at once, `smooth` in the rhythm in which they were taken, which costs a wait, and
 * `interpolated` with cross-fades in between, which no camera ever saw.
 */
export type DisplayMode = "direct" | "smooth" | "interpolated";

/** What the page wants of one tile. Its source's path names it. */
export type TileWish = {
  readonly path: string;
  readonly mode: TileMode;
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly maxFps: number;
};

/** What the page and the wall's worker say to each other: the page wishes, the worker owns socket, decoders, canvases. */
export type PageToWallWorker =
  | { readonly type: "open"; readonly url: string; readonly client: string; readonly painter: PainterName | undefined }
  | { readonly type: "canvas"; readonly path: string; readonly canvas: OffscreenCanvas; readonly id: number }
  /** All tiles there are; one that is left out is forgotten with its canvas. */
  | { readonly type: "tiles"; readonly tiles: readonly TileWish[] }
  | { readonly type: "display"; readonly mode: DisplayMode }
  | { readonly type: "retry" };

export type WallWorkerToPage =
  | { readonly type: "link"; readonly state: LinkState }
  | { readonly type: "sources"; readonly sources: readonly SourceInfo[] }
  | { readonly type: "notice"; readonly text: string }
  /** Twice a second, for every tile. */
  | { readonly type: "reports"; readonly reports: readonly TileReport[] }
  /** The tile's canvas cannot be used any more, or another kind is needed; the page answers with `canvas`. */
  | { readonly type: "canvas-needed"; readonly path: string }
  /** This canvas holds the picture; the page shows it and removes the tile's others. */
  | { readonly type: "canvas-ready"; readonly path: string; readonly id: number };

/** What a tile has on its canvas and where it comes from. Times are milliseconds since 1970. */
export type TileReport = {
  readonly path: string;
  /** `broken`: what came could not be shown; the next attempt follows by itself. */
  readonly phase: "off" | "waiting" | "playing" | "broken";
  /** Why it waits or is broken, "" otherwise. */
  readonly reason: string;
  /** Size of the stream, 0 before the first. */
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  /** Pictures painted since the tile exists, and per second lately. */
  readonly pictures: number;
  readonly fps: number;
  /** Usual distance of two pictures; undefined before the second. */
  readonly intervalMs: number | undefined;
  /** When the newest picture was painted; undefined before the first. */
  readonly shownEpochMs: number | undefined;
  /** When it was taken, as far as the clocks are known. */
  readonly takenEpochMs: number | undefined;
  /** What pictures waited for an even rhythm, on average. */
  readonly bufferMs: number;
  readonly interpolated: boolean;
};
