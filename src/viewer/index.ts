/**
 * `sightline/viewer`: importing it defines `<sightline-view>`, one remote screen for any page. It starts a worker by
 * `new Worker(new URL(…, import.meta.url))`, which Vite, webpack 5 and browsers without a bundler understand.
 */
import "./no-eval.ts";

export type { FitMode, Hotkey } from "./input/index.ts";
export type { ControlHolder, LinkState, PictureState, StreamInfo, StreamPerformance } from "./messages.ts";
export type { PainterName, PainterReport } from "./render/index.ts";
export type { Stage, StageReport, TimingReport } from "./timing/index.ts";
export { type ExportedTimings, SightlineView, type ViewEvents, type ViewState } from "./ui/sightline-view.ts";
