import fc from "fast-check";
import { expect, test } from "vitest";
import type { Picture } from "../../protocol/index.ts";
import { agentAgeUs, presentedTimes, type SentPicture, SentPictures } from "./sent-pictures.ts";

const stages = { waitUs: 1000, grabUs: 500, convertUs: 2000, encodeUs: 4000, sendUs: 100 };
const stagesUs = 7600;

function sent(sequence: number): SentPicture {
  const { waitUs, grabUs, convertUs, encodeUs } = stages;
  return { sequence, sentUs: sequence, refinement: false, agentAgeUs: stagesUs, waitUs, grabUs, convertUs, encodeUs };
}

test("a clock that jumps is not believed; the stages' own times are", () => {
  const age = (changeUs: number): number => agentAgeUs({ ...stages, changeUs } as Picture, 0, 10_000_000);
  expect(age(10_000_000 - 30_000)).toBe(30_000);
  for (const jumped of [10_000_000 + 3_600e6, 10_000_000 - 3_600e6, 10_000_000 - 1000])
    expect(age(jumped)).toBe(stagesUs);
});

test("at most 64 pictures are remembered, and what is older than a presented one is forgotten", () => {
  const pictures = new SentPictures();
  for (let sequence = 0; sequence < 200; sequence += 1) pictures.add(sent(sequence));
  expect(pictures.size).toBe(64);
  expect(pictures.take(100)).toBeUndefined();
  expect(pictures.take(150)?.sequence).toBe(150);
  expect(pictures.size).toBe(49);
  expect(pictures.take(150)).toBeUndefined();
});

test("the parts of an age are what it is made of, whatever the viewer says", () => {
  const uint32 = fc.nat(0xffffffff);
  fc.assert(
    fc.property(uint32, uint32, fc.nat(2_000_000), fc.nat(3_000_000), (decodeUs, drawUs, roundTripUs, sinceUs) => {
      const times = presentedTimes(sent(5), { decodeUs, drawUs }, roundTripUs, 5 + sinceUs);
      const parts = [times.pathUs, times.distanceUs, times.decodeUs, times.drawUs];
      for (const part of parts) expect(part).toBeGreaterThanOrEqual(0);
      expect(parts.reduce((sum, part) => sum + part, stagesUs)).toBeCloseTo(times.ageUs, 3);
    }),
  );
});
