export { LatencyTracker, type PresentedSample } from "./latency-tracker.ts";
export type { Stage, StageReport, TimingReport } from "./timing-report.ts";
