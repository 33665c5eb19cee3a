import type { YuvMatrix } from "../yuv/index.ts";
import { type Chroma, chromaMap, chromaOf } from "./chroma.ts";
import type { KeySettings } from "./settings.ts";

/** What a key does to one colour: `alpha` 0 is transparent; `spill` 0 takes all colour away, 1 none. */
export type Response = { readonly alpha: number; readonly spill: number };

/** A ramp of no width would divide by zero; this one is a step. */
const MIN_RAMP = 1e-6;

/**
 * The definition of the chroma key: the distance to the nearest key colour beyond `similarity`, over the width of the
 * ramp, to the power of 1.5, as in OBS.
 */
export function chromaResponse(chroma: Chroma, keys: readonly Chroma[], settings: KeySettings): Response {
  const { similarity, smoothness, spill } = settings;
  let nearest = Number.POSITIVE_INFINITY;
  for (const key of keys) nearest = Math.min(nearest, Math.hypot(chroma[0] - key[0], chroma[1] - key[1]));
  const beyond = nearest - similarity;
  return { alpha: ramp(beyond / Math.max(smoothness, MIN_RAMP)), spill: ramp(beyond / Math.max(spill, MIN_RAMP)) };
}

/** The definition of the luma key: OBS's smooth steps, with `luma` as a share of 1. */
export function lumaResponse(luma: number, settings: KeySettings): number {
  const { lumaMin, lumaMinSmooth, lumaMax, lumaMaxSmooth } = settings;
  // The ends of the range key nothing: black and white stay unless somebody moves the sliders.
  const low = lumaMin <= 0 ? 1 : smoothStep(lumaMin, lumaMin + lumaMinSmooth, luma);
  const high = lumaMax >= 1 ? 1 : 1 - smoothStep(lumaMax - lumaMaxSmooth, lumaMax, luma);
  return low * high;
}

/**
 * What a key does to every U and V of a video, at `u | v << 8`: alpha in the low byte, spill in the high one. Of a luma
 * key, only the first 256 entries count, at Y. All engines look their alpha up here, so a setting means the same in all.
 */
export function keyTable(settings: KeySettings, matrix: YuvMatrix, fullRange: boolean): Uint16Array<ArrayBuffer> {
  const table = new Uint16Array(1 << 16).fill(0xffff);
  if (settings.mode === "chroma") fillChroma(table, settings, matrix, fullRange);
  if (settings.mode === "luma") {
    for (let y = 0; y < 256; y += 1) {
      const luma = fullRange ? y / 255 : Math.min(1, Math.max(0, (y - 16) / 219));
      table[y] = Math.round(lumaResponse(luma, settings) * 255) | 0xff00;
    }
  }
  return table;
}

function fillChroma(table: Uint16Array, settings: KeySettings, matrix: YuvMatrix, fullRange: boolean): void {
  const keys = settings.colors.map(chromaOf);
  const [a, b, c, d] = chromaMap(matrix, fullRange);
  for (let v = 0; v < 256; v += 1) {
    for (let u = 0; u < 256; u += 1) {
      const chroma: Chroma = [a * (u - 128) + b * (v - 128), c * (u - 128) + d * (v - 128)];
      const { alpha, spill } = chromaResponse(chroma, keys, settings);
      table[u | (v << 8)] = Math.round(alpha * 255) | (Math.round(spill * 255) << 8);
    }
  }
}

function ramp(value: number): number {
  const share = Math.min(1, Math.max(0, value));
  return share * Math.sqrt(share);
}

/** A ramp of no width is a step after its place. */
function smoothStep(from: number, to: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / Math.max(to - from, MIN_RAMP)));
  return share * share * (3 - 2 * share);
}
