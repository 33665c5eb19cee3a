import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../base/index.ts";
import { lowDelaySps } from "./low-delay.ts";
import { addEmulationPrevention, removeEmulationPrevention } from "./nal.ts";
import {
  avcCodecString,
  type PictureOrder,
  parseSps,
  type Sps,
  type SpsFormat,
  spsPictureSize,
  writeSps,
} from "./sps.ts";
import type { Hrd, Vui } from "./vui.ts";

const REAL = [
  ["x264 ultrafast zerolatency", "6742c028da01e0089f970110000003001000000303c8f1832a", "avc1.42c028", 1920, 1080],
  ["x264 high", "6764001facd9405005bb0110000003001000000303c0f1831960", "avc1.64001f", 1280, 720],
  ["x264 interlaced", "6764001facd940b424d80880000003008000001e0f8b16cb", "avc1.64001f", 720, 576],
  ["x264 4:4:4", "67f4000d919b28283f6022000003000200000300781e28532c", "avc1.f4000d", 320, 240],
  ["x264 10 bit", "676e000da6cd94141fb0110000030001000003003c0f142996", "avc1.6e000d", 320, 240],
  [
    "x264 with HRD, cropping and aspect ratio",
    "6764000dacd94150878888ffc1e4016a5a808080a000000300200000078c04003d08000f427261803c50a658",
    "avc1.64000d",
    322,
    242,
  ],
  ["a phone", "27640028ac2b402802dd00f1226a", "avc1.640028", 1280, 720],
  ["a network camera", "67420029e2901407b602dc04040690789115", "avc1.420029", 640, 480],
  ["the smallest encoder there is", "6742000af841a2", "avc1.42000a", 128, 96],
] as const;

const uint8 = fc.integer({ min: 0, max: 255 });
const ue = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 32 - 2 }));
const se = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -(2 ** 31 - 1), max: 2 ** 31 - 1 }));
const five = fc.integer({ min: 0, max: 31 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const hrd: fc.Arbitrary<Hrd> = fc.record({
  bitRateScale: fc.integer({ min: 0, max: 15 }),
  cpbSizeScale: fc.integer({ min: 0, max: 15 }),
  schedules: fc.array(fc.record({ bitRateValueMinus1: ue, cpbSizeValueMinus1: ue, constantRate: fc.boolean() }), {
    minLength: 1,
    maxLength: 32,
  }),
  initialCpbRemovalDelayLengthMinus1: five,
  cpbRemovalDelayLengthMinus1: five,
  dpbOutputDelayLengthMinus1: five,
  timeOffsetLength: five,
});

const vui: fc.Arbitrary<Vui> = fc
  .record({
    aspectRatio: maybe(
      fc.oneof(
        fc.record({ idc: fc.integer({ min: 0, max: 254 }), width: fc.constant(0), height: fc.constant(0) }),
        fc.record({
          idc: fc.constant(255),
          width: fc.integer({ min: 0, max: 65_535 }),
          height: fc.integer({ min: 0, max: 65_535 }),
        }),
      ),
    ),
    overscanAppropriate: maybe(fc.boolean()),
    videoSignal: maybe(
      fc.record({
        format: fc.integer({ min: 0, max: 7 }),
        fullRange: fc.boolean(),
        colour: maybe(fc.record({ primaries: uint8, transfer: uint8, matrix: uint8 })),
      }),
    ),
    chromaLocation: maybe(fc.record({ top: ue, bottom: ue })),
    timing: maybe(fc.record({ unitsInTick: uint32, timeScale: uint32, fixedFrameRate: fc.boolean() })),
    nalHrd: maybe(hrd),
    vclHrd: maybe(hrd),
    lowDelayHrd: fc.boolean(),
    picStructPresent: fc.boolean(),
    bitstreamRestriction: maybe(
      fc.record({
        motionVectorsOverPictureBoundaries: fc.boolean(),
        maxBytesPerPicDenom: ue,
        maxBitsPerMbDenom: ue,
        log2MaxMvLengthHorizontal: ue,
        log2MaxMvLengthVertical: ue,
        maxNumReorderFrames: ue,
        maxDecFrameBuffering: ue,
      }),
    ),
  })
  .map((value) => ({ ...value, lowDelayHrd: value.lowDelayHrd && (value.nalHrd ?? value.vclHrd) !== undefined }));

/** Deltas that lead through the given scales; a list shorter than `size` ends with the delta to 0. */
function scalingList(size: number): fc.Arbitrary<number[] | undefined> {
  const scales = fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: size });
  return maybe(
    scales.map((values) => {
      const ended = values.length < size ? [...values, 0] : values;
      return ended.map((value, index) => value - (ended[index - 1] ?? 8));
    }),
  );
}

const format: fc.Arbitrary<SpsFormat> = fc.integer({ min: 0, max: 3 }).chain((chromaFormatIdc) =>
  fc.record({
    chromaFormatIdc: fc.constant(chromaFormatIdc),
    separateColourPlanes: chromaFormatIdc === 3 ? fc.boolean() : fc.constant(false),
    bitDepthLumaMinus8: ue,
    bitDepthChromaMinus8: ue,
    losslessTransformBypass: fc.boolean(),
    scalingLists: maybe(
      fc.tuple(...Array.from({ length: chromaFormatIdc === 3 ? 12 : 8 }, (_, i) => scalingList(i < 6 ? 16 : 64))),
    ),
  }),
);

const pictureOrder: fc.Arbitrary<PictureOrder> = fc.oneof(
  fc.record({ type: fc.constant(0 as const), log2MaxLsbMinus4: ue }),
  fc.record({
    type: fc.constant(1 as const),
    deltaAlwaysZero: fc.boolean(),
    offsetForNonRefPic: se,
    offsetForTopToBottomField: se,
    offsetsForRefFrame: fc.array(se, { maxLength: 255 }),
  }),
  fc.record({ type: fc.constant(2 as const) }),
);

const sps: fc.Arbitrary<Sps> = fc
  .record({
    nalRefIdc: fc.integer({ min: 0, max: 3 }),
    profileIdc: fc.constantFrom(66, 77, 100, 110, 122, 244),
    constraintFlags: uint8,
    levelIdc: uint8,
    id: fc.integer({ min: 0, max: 31 }),
    format,
    log2MaxFrameNumMinus4: ue,
    pictureOrder,
    maxNumRefFrames: ue,
    gapsInFrameNumAllowed: fc.boolean(),
    widthInMacroblocksMinus1: ue,
    heightInMapUnitsMinus1: ue,
    frameMacroblocksOnly: fc.boolean(),
    macroblockAdaptiveFrameField: fc.boolean(),
    direct8x8Inference: fc.boolean(),
    cropping: maybe(fc.record({ left: ue, right: ue, top: ue, bottom: ue })),
    vui: maybe(vui),
  })
  .map((value) => ({
    ...value,
    format: value.profileIdc >= 100 ? value.format : undefined,
    macroblockAdaptiveFrameField: value.macroblockAdaptiveFrameField && !value.frameMacroblocksOnly,
  }));

describe("SPS", () => {
  test.each(REAL)("of %s is read and written back byte by byte", (_name, hex, codec, width, height) => {
    const nal = Buffer.from(hex, "hex");
    const parsed = parseSps(nal);
    expect(avcCodecString(parsed)).toBe(codec);
    expect(spsPictureSize(parsed)).toEqual({ width, height });
    expect(Buffer.from(writeSps(parsed)).toString("hex")).toBe(hex);
  });

  test.each(REAL)("of %s fails cleanly at every truncation", (_name, hex) => {
    const nal = Buffer.from(hex, "hex");
    for (let length = 0; length < nal.length; length += 1) {
      expect(() => parseSps(nal.subarray(0, length))).toThrow(ProtocolError);
    }
  });

  test("of any content survives writing and reading", () => {
    fc.assert(
      fc.property(sps, (value) => {
        const nal = writeSps(value);
        expect(parseSps(nal)).toEqual(value);
        // Three zeros, or two zeros and a 1 or 2, would look like a start code.
        expect(Buffer.from(nal).toString("hex")).not.toMatch(/^(?:..)*0000(?:00|01|02)/);
      }),
    );
  });

  test("of any bytes is either read or refused with a ProtocolError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          parseSps(Uint8Array.of(0x67, ...bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each(REAL)("of %s promises no reordering once rewritten, and keeps the rest", (_name, hex) => {
    const before = parseSps(Buffer.from(hex, "hex"));
    const after = parseSps(writeSps(lowDelaySps(before, 42)));
    expect(after.vui?.bitstreamRestriction).toMatchObject({
      maxNumReorderFrames: 0,
      maxDecFrameBuffering: before.maxNumRefFrames,
    });
    expect(after.levelIdc).toBe(42);
    const { vui: vuiBefore, levelIdc: _levelBefore, ...restBefore } = before;
    const { vui: vuiAfter, levelIdc: _levelAfter, ...restAfter } = after;
    expect(restAfter).toEqual(restBefore);
    expect({ ...vuiAfter, bitstreamRestriction: 0 }).toEqual({
      ...(vuiBefore ?? lowDelaySps(before, 0).vui),
      bitstreamRestriction: 0,
    });
  });
});

describe("emulation prevention", () => {
  test("is undone by its mirror for any bytes", () => {
    const zeroHeavy = fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), uint8), { maxLength: 200 });
    fc.assert(
      fc.property(zeroHeavy, (bytes) => {
        const rbsp = Uint8Array.from(bytes);
        expect(removeEmulationPrevention(addEmulationPrevention(rbsp))).toEqual(rbsp);
      }),
    );
  });
});
