import { expect, test } from "vitest";
import { streamSettingsSchema } from "../../protocol/index.ts";
import { ladderFor } from "../governor/index.ts";
import { rungLadder } from "./rung-ladder.ts";

const settings = streamSettingsSchema.parse({});
const source = { width: 1920, height: 1080 };
const bitrates = (codec: Parameters<typeof rungLadder>[0]): number[] =>
  rungLadder(codec, settings, source).map(({ bitrate }) => bitrate);

test("video and JPEG have everybody's levels", () => {
  for (const codec of ["h264", "jpeg"] as const)
    expect(rungLadder(codec, settings, source)).toEqual(ladderFor(settings));
});

test("where every picture is whole the best level passes an exact one in 150 ms, and the next one block averages", () => {
  const [exact = 0, coarse = 0] = bitrates("kvm-rgba");
  expect(exact * 0.15).toBeCloseTo(1920 * 1080 * 4 * 8, -2);
  expect(coarse).toBe(Math.round(exact / 16));
});

test.each(["kvm-delta", "kvm-rgba", "kvm-json", "kvm-rle"] as const)(
  "%s: levels go down, within what a budget allows",
  (codec) => {
    const rates = bitrates(codec);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(rates.length).toBeGreaterThan(2);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e9);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e5);
  },
);
