import { beforeEach, describe, expect, it } from "vitest";
import type { PictureHeader } from "../../protocol/index.ts";
import { LatencyTracker, type PresentedSample } from "./latency-tracker.ts";
import type { Stage, TimingReport } from "./timing-report.ts";

const VIEWER = 7;
/** The agent's clock is a second ahead of the viewer's. */
const AHEAD_US = 1_000_000;

let tracker: LatencyTracker;

beforeEach(() => {
  tracker = new LatencyTracker();
});

function present(presentedUs: number, header: Partial<PictureHeader> = {}): void {
  const sample: PresentedSample = {
    header: {
      kind: "video",
      keyframe: false,
      intra: false,
      rung: 1,
      sequence: 1,
      width: 64,
      height: 64,
      inputViewer: 0,
      inputSequence: 0,
      changeUs: presentedUs - 10_000 + AHEAD_US,
      inputToChangeUs: undefined,
      waitUs: 1000,
      grabUs: 500,
      convertUs: 1500,
      encodeUs: 2000,
      sendUs: 100,
      hubUs: 0,
      rects: [],
      ...header,
    },
    bytes: 1000,
    receivedUs: presentedUs - 3000,
    decodeUs: 1200,
    drawUs: 800,
    presentedUs,
    agentToViewerUs: (agentUs) => agentUs - AHEAD_US,
  };
  tracker.presented(sample, VIEWER);
}

function answer(sequence: number, inputToChangeUs = 600): Partial<PictureHeader> {
  return { inputViewer: VIEWER, inputSequence: sequence, inputToChangeUs };
}

function report(nowUs = 1_000_000): TimingReport {
  return tracker.report(nowUs, { skipped: 3, rttUs: 2000 });
}

function stage(name: Stage): TimingReport["stages"][number]["ms"] {
  const found = report().stages.find((entry) => entry.stage === name);
  if (found === undefined) throw new Error(`There is no stage ${name}.`);
  return found.ms;
}

describe("input to picture", () => {
  it("ends with the first picture that contains the input", () => {
    tracker.inputSent(4, 100_000, true);
    present(105_000);
    present(115_000, { ...answer(3), inputViewer: VIEWER });
    expect(report().inputToPresentMs.count).toBe(0);
    present(120_000, answer(4));
    present(140_000, answer(4));
    expect(report().inputToPresentMs).toMatchObject({ count: 1, p50: 20 });
    expect(stage("app")).toMatchObject({ count: 1, p50: 0.6 });
    // Injected 10.6 ms before the picture was shown, sent 20 ms before it.
    expect(stage("uplink").p50).toBeCloseTo(9.4);
  });

  it("does not charge an input with the picture of a much later one", () => {
    tracker.inputSent(1, 0, true);
    tracker.inputSent(2, 700_000, true);
    present(720_000, answer(2));
    expect(report().inputToPresentMs).toMatchObject({ count: 1, max: 20 });
    expect(report().inputsWithoutPicture).toBe(1);
  });

  it("counts a press whose picture names the motion right after it", () => {
    tracker.inputSent(1, 0, true);
    tracker.inputSent(2, 4000, false);
    present(18_000, answer(2));
    expect(report().inputToPresentMs).toMatchObject({ count: 1, p50: 18 });
  });

  it("ignores other viewers and inputs that changed nothing", () => {
    tracker.inputSent(1, 0, true);
    present(9000, { ...answer(1), inputViewer: VIEWER + 1 });
    present(12_000, { ...answer(1), inputToChangeUs: undefined });
    expect(report(2_000_000)).toMatchObject({ inputToPresentMs: { count: 0 }, inputsWithoutPicture: 1 });
  });
});

describe("stages", () => {
  it("measures each, and the network from what is left", () => {
    present(50_000);
    expect(stage("encode").p50).toBe(2);
    expect(stage("decode").p50).toBe(1.2);
    expect(stage("network").p50).toBeCloseTo(1.9);
    expect(report().pictureAgeMs.p50).toBe(10);
    expect(report().verdict).toBe("No stage is slow.");
  });

  it("names the slow one", () => {
    for (let picture = 0; picture < 5; picture += 1) present(50_000 + picture, { encodeUs: 30_000 });
    expect(report()).toMatchObject({ slowStage: "encode" });
    expect(report().verdict).toContain("30.0 ms");
  });

  it("counts pictures and bits of the last second, and starts anew when told", () => {
    for (let picture = 0; picture < 30; picture += 1) present(100_000 + picture * 50_000);
    const at = report(1_600_000);
    expect(at.picturesPerSecond).toBe(19);
    expect(at.bitsPerSecond).toBe(19 * 8000);
    expect(at).toMatchObject({ picturesPresented: 30, picturesSkipped: 3, roundTripMs: 2 });
    tracker.clear();
    expect(report()).toMatchObject({ picturesPresented: 0, verdict: "No picture has been measured yet." });
  });
});
