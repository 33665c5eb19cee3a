import type { StageTime } from "../baseline/contestant.ts";
import type { Motion } from "./measure-motion.ts";
import { mean, type Quantiles, quantiles } from "./quantiles.ts";
import type { Turn } from "./turn.ts";

/** The figures of one contestant over all its turns. */
export type Figures = {
  readonly name: string;
  readonly description: string;
  readonly click: Quantiles;
  /** Cores while there were clicks. */
  readonly clickCores: { readonly server: number; readonly browser: number };
  readonly flip: Quantiles;
  readonly flipInElement: Quantiles;
  readonly video?: MotionFigures;
  readonly scroll?: MotionFigures;
  /** Where a contestant that measures itself says the time goes: `p50/p95` of its last turn, by scene and stage. */
  readonly stages: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly still?: { seconds: number; serverCores: number; bytesToBrowser: number | undefined };
};

type MotionFigures = {
  readonly paintedPerSecond: number;
  readonly shownPerSecond: number;
  readonly ageP50Ms: number;
  readonly ageP95Ms: number;
  readonly tornShare: number;
  readonly megabytesPerSecond: number;
  readonly serverCores: number;
  readonly browserCores: number;
  readonly otherCores: number;
  readonly ssim: number;
};

/** Joins turns: samples of changes are pooled, figures of motion averaged. */
export function figuresOf(name: string, description: string, turns: readonly Turn[]): Figures {
  const pool = (pick: (turn: Turn) => readonly number[]) => quantiles(turns.flatMap(pick));
  const still = turns.find((turn) => turn.still)?.still;
  const video = motionFigures(turns.flatMap((turn) => turn.video ?? []));
  const scroll = motionFigures(turns.flatMap((turn) => turn.scroll ?? []));
  return {
    name,
    description,
    click: pool((turn) => turn.clickMs),
    clickCores: {
      server: mean(turns.map(({ clickLoad }) => clickLoad.serverCores)),
      browser: mean(turns.map(({ clickLoad }) => clickLoad.browserCores)),
    },
    flip: pool((turn) => turn.flipMs),
    flipInElement: pool((turn) => turn.flipInElementMs),
    stages: stagesOf(turns.at(-1)),
    ...(video && { video }),
    ...(scroll && { scroll }),
    ...(still && {
      still: { seconds: still.seconds, serverCores: still.serverCores, bytesToBrowser: still.bytesToBrowser },
    }),
  };
}

function stagesOf(turn: Turn | undefined): Record<string, Record<string, string>> {
  const text = ({ p50, p95 }: StageTime) => `${p50.toFixed(1)}/${p95.toFixed(1)}`;
  return Object.fromEntries(
    Object.entries(turn?.explanations ?? {}).map(([scene, { stages }]) => [
      scene,
      Object.fromEntries(stages.map((stage) => [stage.stage, text(stage)])),
    ]),
  );
}

function motionFigures(motions: readonly Motion[]): MotionFigures | undefined {
  if (motions.length === 0) return undefined;
  const over = (pick: (motion: Motion) => number) => mean(motions.map(pick));
  return {
    paintedPerSecond: over((motion) => motion.paintedPerSecond),
    shownPerSecond: over((motion) => motion.shownPerSecond),
    ageP50Ms: over((motion) => motion.ageMs.p50),
    ageP95Ms: over((motion) => motion.ageMs.p95),
    tornShare: over((motion) => motion.tornShare),
    megabytesPerSecond: over(({ load }) => (load.bytesToBrowser ?? Number.NaN) / load.seconds / 1e6),
    serverCores: over(({ load }) => load.serverCores),
    browserCores: over(({ load }) => load.browserCores),
    otherCores: over(({ load }) => load.otherCores),
    ssim: over((motion) => motion.ssim ?? Number.NaN),
  };
}

/** The report as text: a table per scene, with what the floor and the peer of the same run make of it. */
export function formatReport(all: readonly Figures[]): string {
  const floor = all.find(({ name }) => name === "floor");
  const peer = all.find(({ name }) => name === "novnc-tuned");
  const change = (title: string, pick: (figures: Figures) => Quantiles) =>
    table(
      [title, "p50", "p90", "p99", "n", "p50 over floor", "p50 x peer"],
      all
        .filter((figures) => pick(figures).n > 0)
        .map((figures) => {
          const own = pick(figures);
          return [
            figures.name,
            ...[own.p50, own.p90, own.p99].map((ms) => ms.toFixed(1)),
            String(own.n),
            format(own.p50 - (floor ? pick(floor).p50 : Number.NaN), 1),
            format(own.p50 / (peer ? pick(peer).p50 : Number.NaN), 2),
          ];
        }),
    );
  return [
    change("click to pixel, ms", ({ click }) => click),
    table(
      ["CPU while clicking", "server+browser cores (x peer)"],
      all
        .filter(({ click }) => click.n > 0)
        .map(({ name, clickCores }) => [name, coresText(clickCores, peer?.clickCores)]),
    ),
    change("paint to pixel, ms", ({ flip }) => flip),
    change("the same, in the element", ({ flipInElement }) => flipInElement),
    motionTable(
      "video 640x360",
      all.map(({ name, video }) => ({ name, motion: video })),
      peer?.video,
    ),
    motionTable(
      "scrolling page",
      all.map(({ name, scroll }) => ({ name, motion: scroll })),
      peer?.scroll,
    ),
    table(
      ["still screen", "seconds", "server % of a core", "bytes"],
      all.flatMap(({ name, still }) =>
        still
          ? [
              [
                name,
                still.seconds.toFixed(0),
                (still.serverCores * 100).toFixed(2),
                String(still.bytesToBrowser ?? "?"),
              ],
            ]
          : [],
      ),
    ),
    ...all.map(({ name, stages }) => stageTable(name, stages)),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

function stageTable(name: string, scenes: Figures["stages"]): string {
  const names = Object.keys(Object.values(scenes)[0] ?? {});
  return table(
    [`${name} says, p50/p95 ms`, ...names],
    Object.entries(scenes).map(([scene, stages]) => [scene, ...names.map((stage) => stages[stage] ?? "")]),
  );
}

/** Nothing where there is nothing to compare with. */
function format(value: number, digits: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}

const coresOf = ({ serverCores, browserCores }: MotionFigures) => ({ server: serverCores, browser: browserCores });

function coresText(own: Figures["clickCores"], peer: Figures["clickCores"] | undefined): string {
  const text = `${own.server.toFixed(2)}+${own.browser.toFixed(2)}`;
  return text + times(own.server + own.browser, peer && peer.server + peer.browser);
}

/** How often the other's, in brackets; nothing where there is nothing to compare with. */
function times(own: number, other: number | undefined): string {
  return other !== undefined && Number.isFinite(own / other) ? ` (${(own / other).toFixed(2)}x)` : "";
}

function motionTable(
  title: string,
  rows: ReadonlyArray<{ name: string; motion: MotionFigures | undefined }>,
  peer: MotionFigures | undefined,
): string {
  return table(
    [
      title,
      "painted/s",
      "shown/s",
      "age p50 (x peer)",
      "p95",
      "torn %",
      "MB/s (x peer)",
      "server+browser cores (x peer)",
      "other cores",
      "SSIM",
    ],
    rows.flatMap(({ name, motion }) => {
      if (!motion) return [];
      return [
        [
          name,
          motion.paintedPerSecond.toFixed(1),
          motion.shownPerSecond.toFixed(1),
          motion.ageP50Ms.toFixed(1) + times(motion.ageP50Ms, peer?.ageP50Ms),
          motion.ageP95Ms.toFixed(1),
          (motion.tornShare * 100).toFixed(1),
          motion.megabytesPerSecond.toFixed(2) + times(motion.megabytesPerSecond, peer?.megabytesPerSecond),
          coresText(coresOf(motion), peer && coresOf(peer)),
          motion.otherCores.toFixed(2),
          format(motion.ssim, 4),
        ],
      ];
    }),
  );
}

function table(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  if (rows.length === 0) return "";
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return `${[header, ...rows].map(line).join("\n")}\n`;
}
