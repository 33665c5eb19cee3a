import { type Chroma, chromaOf } from "./chroma.ts";
import { type KeySettings, MAX_KEY_COLORS, type Rgb } from "./settings.ts";

/** What auto-key proposes. */
export type KeyProposal = Pick<KeySettings, "colors" | "similarity" | "smoothness" | "spill">;

/** Samples this near to each other, in the plane of key colours, are one colour of the screen. */
const SAME_SCREEN = 0.06;
/** Below this a colour is too grey to be told from skin and clothes. */
const MIN_SATURATION = 0.09;
/** The screen is what at least this share of the samples shows. */
const MIN_SHARE = 0.2;
/** An uneven screen's further colours have at least this share. */
const MIN_FURTHER_SHARE = 0.06;
const MAX_PROPOSED = Math.min(4, MAX_KEY_COLORS);

type Cluster = { sum: [number, number, number]; chroma: Chroma; members: Chroma[] };

/**
 * Proposes key colours and tolerances from colours along the border of the picture, where a screen shows most. Undefined
 * when the border shows no coloured screen.
 */
export function proposeKey(border: readonly Rgb[]): KeyProposal | undefined {
  const clusters = clusterOf(border).filter(({ chroma }) => Math.hypot(...chroma) >= MIN_SATURATION);
  const largest = clusters[0];
  if (largest === undefined || largest.members.length < MIN_SHARE * border.length) return undefined;
  const alike = clusters
    .filter((cluster) => cluster.members.length >= MIN_FURTHER_SHARE * border.length)
    // Something of another hue at the border belongs to the scene, not to the screen.
    .filter((cluster) => cosine(cluster.chroma, largest.chroma) > 0.9)
    .slice(0, MAX_PROPOSED);
  const spread = Math.max(...alike.map(spreadOf));
  const grey = Math.min(...alike.map(({ chroma }) => Math.hypot(...chroma)));
  // Between the screen's own spread and half of the way to grey lies room for ramps.
  const similarity = round(Math.min(Math.max(spread * 1.5 + 0.02, grey * 0.3), grey * 0.6));
  const smoothness = round(Math.max(0.02, Math.min(0.1, (grey - similarity) * 0.4)));
  const spill = round(Math.max(smoothness, Math.min(0.2, (grey - similarity) * 0.8)));
  return { colors: alike.map(meanColor), similarity, smoothness, spill };
}

function clusterOf(colors: readonly Rgb[]): Cluster[] {
  const clusters: Cluster[] = [];
  for (const color of colors) {
    const chroma = chromaOf(color);
    const near = clusters.find((cluster) => distance(cluster.chroma, chroma) < SAME_SCREEN);
    if (near === undefined) clusters.push({ sum: [...color], chroma, members: [chroma] });
    else {
      for (const part of [0, 1, 2] as const) near.sum[part] += color[part];
      near.members.push(chroma);
      near.chroma = chromaOf(meanColor(near));
    }
  }
  return clusters.sort((a, b) => b.members.length - a.members.length);
}

/** The distance that 95 % of a cluster's samples keep. */
function spreadOf({ chroma, members }: Cluster): number {
  const sorted = members.map((member) => distance(member, chroma)).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.95)] ?? 0;
}

function meanColor({ sum, members }: Cluster): Rgb {
  const [red, green, blue] = sum;
  const mean = (value: number): number => Math.round(value / members.length);
  return [mean(red), mean(green), mean(blue)];
}

function distance(a: Chroma, b: Chroma): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function cosine(a: Chroma, b: Chroma): number {
  return (a[0] * b[0] + a[1] * b[1]) / (Math.hypot(...a) * Math.hypot(...b));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
