import type { ColorAdjust, KeyProposal, KeySettings, KeyView, Orientation, Rgb } from "../../codecs/key/index.ts";
import type { BlendMode, EngineName, Size } from "./engine/engine.ts";
import type { Crop, Placement } from "./scene/placement.ts";

/** A layer as the worker draws it. Plain data: it is sent to the worker with every change. */
export type LayerSpec = {
  readonly id: string;
  /** Whose frames it shows; several layers may share a source. */
  readonly source: string;
  readonly crop: Crop;
  readonly orientation: Orientation;
  readonly placement: Placement;
  readonly key: KeySettings;
  readonly adjust: ColorAdjust;
  readonly view: KeyView;
  readonly opacity: number;
  readonly blend: BlendMode;
};

/** What the worker's canvas shows, from the lowest layer up. */
export type PictureSpec = {
  readonly size: Size;
  readonly background: Rgb | undefined;
  readonly layers: readonly LayerSpec[];
};

/** One engine's time for a picture in the trial. `failed` says why it cannot be used. */
export type EngineTiming = {
  readonly engine: EngineName;
  readonly medianMs: number | undefined;
  readonly frames: number;
  readonly failed: string | undefined;
};

/** Which engine is in use and why. */
export type EngineReport = {
  readonly engine: EngineName;
  readonly reason: string;
  readonly renderer: string;
  readonly timings: readonly EngineTiming[];
  /** The choice rests on a trial with this renderer, so it is worth remembering. */
  readonly settled: boolean;
};

export type RememberedEngine = Pick<EngineReport, "engine" | "renderer" | "timings"> & { readonly browser: string };

/** What was measured since the last report, about once a second. */
export type MeterReport = {
  readonly engine: EngineName | undefined;
  readonly cameraFps: number;
  readonly drawnFps: number;
  /** Camera frames that a newer one replaced before they were drawn. */
  readonly dropped: number;
  /** Capture of a camera frame to its drawing committed; undefined when no keyed camera was drawn. */
  readonly latencyMs: { readonly p50: number; readonly p95: number } | undefined;
  /** False while the camera's clock is not known: then it counts from the arrival of the frame in the worker. */
  readonly fromCapture: boolean;
  /** Copies of whole pictures for each drawing, uploads included. */
  readonly copiesPerFrame: number;
};

export type PageToStudio =
  | {
      readonly type: "open";
      readonly forced: EngineName | undefined;
      readonly remembered: RememberedEngine | undefined;
    }
  | { readonly type: "canvas"; readonly canvas: OffscreenCanvas; readonly id: number }
  | { readonly type: "stream"; readonly source: string; readonly readable: ReadableStream<VideoFrame> }
  /** Frames come in through this port, one after each answer. */
  | { readonly type: "port"; readonly source: string; readonly port: MessagePort }
  | { readonly type: "frame"; readonly source: string; readonly frame: VideoFrame }
  /** The source's stream is not read any more: its frames come one by one. */
  | { readonly type: "feed"; readonly source: string }
  | { readonly type: "remove-source"; readonly source: string }
  | { readonly type: "picture"; readonly picture: PictureSpec }
  /** When some of the camera's last frames were captured, in milliseconds since 1970. */
  | { readonly type: "capture-times"; readonly epochsMs: readonly number[] }
  | { readonly type: "engine"; readonly forced: EngineName | undefined }
  | { readonly type: "output"; readonly writable: WritableStream<VideoFrame> | undefined }
  /** Colour at a place of a source's picture, in shares of its size. */
  | {
      readonly type: "pick-color";
      readonly request: number;
      readonly source: string;
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: "propose-key"; readonly request: number; readonly source: string }
  | { readonly type: "close" };

export type StudioToPage =
  | { readonly type: "canvas-needed" }
  /** The canvas with this id shows the picture from now on. */
  | { readonly type: "canvas-ready"; readonly id: number }
  | { readonly type: "engine"; readonly report: EngineReport }
  | { readonly type: "meter"; readonly report: MeterReport }
  | { readonly type: "color"; readonly request: number; readonly color: Rgb | undefined }
  | { readonly type: "proposal"; readonly request: number; readonly proposal: KeyProposal | undefined }
  | { readonly type: "source-ended"; readonly source: string }
  | { readonly type: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string };
