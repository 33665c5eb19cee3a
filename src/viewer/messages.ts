import type { Rect } from "../base/index.ts";
import type { Codec, Performance, SourceInfo, TierState } from "../protocol/index.ts";
import type { PainterName, PainterReport, PainterTiming } from "./render/index.ts";
import type { TimingReport } from "./timing/index.ts";

/**
 * What the page and its worker say to each other. The page sends intentions and raw input; the worker owns the socket,
 * the decoder and the canvas, and sends back what people should see in the controls.
 */
export type PageToWorker =
  | { readonly type: "open"; readonly settings: SessionSettings }
  | { readonly type: "canvas"; readonly canvas: OffscreenCanvas; readonly id: number }
  | { readonly type: "watch"; readonly path: string | undefined }
  | { readonly type: "visible"; readonly visible: boolean }
  | { readonly type: "view-only"; readonly viewOnly: boolean }
  | { readonly type: "input"; readonly draft: InputDraft; readonly epochMs: number }
  | { readonly type: "clipboard"; readonly text: string }
  | { readonly type: "control"; readonly take: boolean }
  | { readonly type: "retry" }
  /** What is painted goes to this port, too, until another one or none is named; see `FramePort`. */
  | { readonly type: "frames"; readonly port: MessagePort | undefined }
  | { readonly type: "read-pixels"; readonly request: number; readonly rect: Rect }
  | { readonly type: "report-timings"; readonly request: number }
  | { readonly type: "clear-timings" }
  | { readonly type: "close" };

/** Fixed for the life of a session. */
export type SessionSettings = {
  /** Absolute ws: or wss: address of the hub's viewer endpoint. */
  readonly url: string;
  /** Name of this client for the hub's logs. */
  readonly client: string;
  /** Painter asked for by the person, instead of the fastest. */
  readonly forcedPainter: PainterName | undefined;
  /** Choice of an earlier visit, used at once and checked later. */
  readonly remembered: RememberedPainter | undefined;
};

/** Outcome of a painter trial, kept by the page between visits. It holds for one browser and one renderer. */
export type RememberedPainter = {
  readonly painter: PainterName;
  readonly browser: string;
  readonly renderer: string;
  readonly timings: readonly PainterTiming[];
};

/** Input before the worker gives it its source and sequence number. Coordinates are pixels of the source. */
export type InputDraft =
  | {
      readonly kind: "pointer";
      readonly relative: boolean;
      readonly buttons: number;
      readonly x: number;
      readonly y: number;
    }
  | { readonly kind: "wheel"; readonly x: number; readonly y: number }
  | KeyDraft
  | { readonly kind: "held-keys"; readonly usages: readonly number[] }
  | { readonly kind: "text"; readonly text: string };

export type KeyDraft = {
  readonly kind: "key";
  readonly down: boolean;
  readonly repeat: boolean;
  readonly usage: number;
  readonly codePoint: number;
  readonly modifiers: number;
};

/** Where the connection to the hub stands, in words a person can read. */
export type LinkState =
  | { readonly phase: "connecting"; readonly attempt: number }
  | { readonly phase: "connected"; readonly hub: string; readonly version: string; readonly viewer: number }
  | { readonly phase: "waiting"; readonly attempt: number; readonly retryInMs: number; readonly reason: string }
  | { readonly phase: "refused"; readonly reason: string }
  | { readonly phase: "closed" };

/** What the canvas shows. `stale`: the picture is old since `sinceEpochMs`, because of `reason`. */
export type PictureState =
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "live"; readonly width: number; readonly height: number }
  | {
      readonly kind: "stale";
      readonly width: number;
      readonly height: number;
      readonly reason: string;
      readonly sinceEpochMs: number;
    };

/** The stream that feeds the canvas, as the hub announced it. */
export type StreamInfo = {
  readonly rung: number;
  readonly source: number;
  readonly codec: Codec;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly encoder: string;
  readonly encoderReason: string;
};

/** What the agent and hub measured about the stream in the last interval. */
export type StreamPerformance = {
  readonly performance: Performance;
  readonly viewers: number;
  readonly dropped: number;
};

export type ControlHolder = "you" | "other" | "nobody";

/** A local cursor, ready for CSS. `url` is a PNG data URL, undefined while the remote hides its pointer. */
export type CursorImage = { readonly url: string | undefined; readonly hotspotX: number; readonly hotspotY: number };

export type WorkerToPage =
  | { readonly type: "link"; readonly state: LinkState }
  | { readonly type: "sources"; readonly sources: readonly SourceInfo[] }
  | { readonly type: "stream"; readonly stream: StreamInfo | undefined }
  | { readonly type: "performance"; readonly performance: StreamPerformance }
  | { readonly type: "tier"; readonly tier: TierState }
  | { readonly type: "picture"; readonly state: PictureState }
  | { readonly type: "control"; readonly holder: ControlHolder; readonly reason: string }
  | { readonly type: "cursor"; readonly cursor: CursorImage }
  | { readonly type: "clipboard"; readonly text: string }
  | { readonly type: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string }
  | { readonly type: "decoding"; readonly codecs: readonly Codec[]; readonly reason: string }
  | { readonly type: "timings"; readonly report: TimingReport; readonly request: number }
  | { readonly type: "painter"; readonly report: PainterReport }
  /** The painter in use needs a canvas of its own; the page answers with `canvas`. */
  | { readonly type: "canvas-needed" }
  /** The canvas holds the whole picture; the page shows it and removes the others. */
  | { readonly type: "canvas-ready"; readonly id: number }
  /** `error` says why there are no pixels. */
  | {
      readonly type: "pixels";
      readonly request: number;
      readonly pixels: Uint8ClampedArray<ArrayBuffer> | undefined;
      readonly error: string;
    };
