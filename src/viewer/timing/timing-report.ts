import type { Summary } from "../../base/index.ts";

/** The stages between an input and its picture, in order. */
export const STAGES = [
  "uplink",
  "app",
  "wait",
  "grab",
  "convert",
  "encode",
  "send",
  "network",
  "decode",
  "draw",
] as const;

export type Stage = (typeof STAGES)[number];

/** One stage as people read it: a short label, what it is, and its recent times in milliseconds. */
export type StageReport = { readonly stage: Stage; readonly label: string; readonly ms: Summary };

/** What the latency panel shows and exports. All times are milliseconds over the last few hundred pictures. */
export type TimingReport = {
  /** Input event in the page until the picture that contains its effect was painted. */
  readonly inputToPresentMs: Summary;
  /** Change on the remote screen until its picture was painted. */
  readonly pictureAgeMs: Summary;
  readonly stages: readonly StageReport[];
  readonly slowStage: Stage | undefined;
  readonly verdict: string;
  readonly picturesPerSecond: number;
  readonly bitsPerSecond: number;
  readonly picturesPresented: number;
  /** Decoded pictures replaced by a newer one before they were painted. */
  readonly picturesSkipped: number;
  /** Inputs after which nothing changed on the screen within a second. */
  readonly inputsWithoutPicture: number;
  readonly roundTripMs: number | undefined;
};

export const STAGE_LABELS: Readonly<Record<Stage, string>> = {
  uplink: "Input to the machine",
  app: "Application reacts",
  wait: "Wait for the grab",
  grab: "Grab",
  convert: "Convert",
  encode: "Encode",
  send: "Hand to the link",
  network: "Hub and network",
  decode: "Decode",
  draw: "Draw",
};

const EXPLANATIONS: Readonly<Record<Stage, string>> = {
  uplink: "Input takes long to reach the machine. The network, or the hub, is busy.",
  app: "The application on the remote machine takes long to react. The picture path is not the cause.",
  wait: "Changes wait before they are grabbed. The sender waits for room on the link, or its frame rate limit is low.",
  grab: "Reading the screen takes long. The remote machine's display server is busy.",
  convert: "Colour conversion takes long. The remote machine's processor is busy, or the picture is very large.",
  encode: "Encoding takes long. The remote machine's processor is busy; a faster preset or a smaller size helps.",
  send: "Encoded pictures wait on the remote machine. Its network connection is full; a lower bitrate helps.",
  network: "Pictures take long from the machine to this browser. The network, or the hub, is slow or full.",
  decode: "Decoding takes long. This device's processor is busy; a smaller picture helps.",
  draw: "Drawing takes long. This device's graphics are slow; another painter or a smaller window may help.",
};

/** A stage below this is never called slow. */
const SLOW_FROM_MS = 8;

/** The stage that costs most at the median, with a sentence; undefined where none is worth a word. */
export function slowStage(stages: readonly StageReport[]): { stage: Stage | undefined; verdict: string } {
  const measured = stages.filter(({ ms }) => ms.count > 0);
  if (measured.length === 0) return { stage: undefined, verdict: "No picture has been measured yet." };
  const worst = measured.reduce((most, stage) => (stage.ms.p50 > most.ms.p50 ? stage : most));
  if (worst.ms.p50 < SLOW_FROM_MS) return { stage: undefined, verdict: "No stage is slow." };
  return { stage: worst.stage, verdict: `${EXPLANATIONS[worst.stage]} (${worst.ms.p50.toFixed(1)} ms)` };
}
