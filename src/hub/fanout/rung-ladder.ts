import type { Codec, StreamSettings } from "../../protocol/index.ts";
import { type Level, ladderFor } from "../governor/index.ts";

/** Bytes of a whole picture for each pixel: raw RGBA, raw RGB as base64, run lengths of a screen with photographs. */
const WHOLE_BYTES: Readonly<Partial<Record<Codec, number>>> = { "kvm-rgba": 4, "kvm-json": 4, "kvm-rle": 1.25 };

/** An exact picture passes within this time, which is the standard tier's promise. */
const EXACT_SECONDS = 0.15;

/** Block averages of raw pictures take a sixteenth of their bytes; the levels below that are for fewer of them. */
const COARSE_SHARES = [1 / 16, 1 / 32, 1 / 64, 1 / 128] as const;

/** Deltas of the legacy wire take 8 bytes a pixel, so that they need far more than video; the rest is everybody's. */
const DELTA_BITRATES = [60_000_000, 20_000_000] as const;

const MIN_BITRATE = 100_000;
const MAX_BITRATE = 1_000_000_000;

/**
 * The levels of a rung. Those of the legacy wire know nothing of the video's bit rate: where every picture is whole, an
 * exact one has to pass within the standard tier's promise, and what does not allow that gets block averages.
 */
export function rungLadder(
  codec: Codec,
  settings: StreamSettings,
  source: { readonly width: number; readonly height: number },
): readonly Level[] {
  const ladder = ladderFor(settings);
  const [top, ...below] = ladder as readonly [Level, ...Level[]];
  if (codec === "kvm-delta") return [...DELTA_BITRATES.map((bitrate) => ({ ...top, bitrate })), ...below];
  const bytesPerPixel = WHOLE_BYTES[codec];
  if (bytesPerPixel === undefined) return ladder;
  const width = Math.min(source.width, settings.width);
  const height = Math.min(source.height, settings.height);
  const exact = (width * height * bytesPerPixel * 8) / EXACT_SECONDS;
  const within = (bitrate: number): number => Math.round(Math.min(MAX_BITRATE, Math.max(MIN_BITRATE, bitrate)));
  return [1, ...COARSE_SHARES].map((share) => ({ ...top, bitrate: within(exact * share) }));
}
