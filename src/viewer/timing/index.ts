export { LatencyTracker, type PresentedSample } from "./latency-tracker.ts";
export { STAGES, type Stage, type StageReport, slowStage, type TimingReport } from "./timing-report.ts";
