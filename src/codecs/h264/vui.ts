import { ProtocolError } from "../../base/index.ts";
import type { BitReader } from "./bit-reader.ts";
import type { BitWriter } from "./bit-writer.ts";

/** HRD parameters (Rec. H.264, E.1.2). */
export type Hrd = {
  readonly bitRateScale: number;
  readonly cpbSizeScale: number;
  /** 1 to 32 schedules. */
  readonly schedules: readonly {
    readonly bitRateValueMinus1: number;
    readonly cpbSizeValueMinus1: number;
    readonly constantRate: boolean;
  }[];
  readonly initialCpbRemovalDelayLengthMinus1: number;
  readonly cpbRemovalDelayLengthMinus1: number;
  readonly dpbOutputDelayLengthMinus1: number;
  readonly timeOffsetLength: number;
};

/** What a decoder may rely on; without it many hold back up to a whole picture buffer. */
export type BitstreamRestriction = {
  readonly motionVectorsOverPictureBoundaries: boolean;
  readonly maxBytesPerPicDenom: number;
  readonly maxBitsPerMbDenom: number;
  readonly log2MaxMvLengthHorizontal: number;
  readonly log2MaxMvLengthVertical: number;
  readonly maxNumReorderFrames: number;
  readonly maxDecFrameBuffering: number;
};

/** Video usability information (Rec. H.264, annex E); what is absent in the stream is undefined. */
export type Vui = {
  readonly aspectRatio: { readonly idc: number; readonly width: number; readonly height: number } | undefined;
  readonly overscanAppropriate: boolean | undefined;
  readonly videoSignal:
    | {
        readonly format: number;
        readonly fullRange: boolean;
        readonly colour: { readonly primaries: number; readonly transfer: number; readonly matrix: number } | undefined;
      }
    | undefined;
  readonly chromaLocation: { readonly top: number; readonly bottom: number } | undefined;
  readonly timing:
    | { readonly unitsInTick: number; readonly timeScale: number; readonly fixedFrameRate: boolean }
    | undefined;
  readonly nalHrd: Hrd | undefined;
  readonly vclHrd: Hrd | undefined;
  /** Only in the stream, and otherwise false, where one of the HRDs is. */
  readonly lowDelayHrd: boolean;
  readonly picStructPresent: boolean;
  readonly bitstreamRestriction: BitstreamRestriction | undefined;
};

/** A VUI that says nothing, to build upon. */
export const EMPTY_VUI: Vui = {
  aspectRatio: undefined,
  overscanAppropriate: undefined,
  videoSignal: undefined,
  chromaLocation: undefined,
  timing: undefined,
  nalHrd: undefined,
  vclHrd: undefined,
  lowDelayHrd: false,
  picStructPresent: false,
  bitstreamRestriction: undefined,
};

const EXTENDED_SAR = 255;
const MAX_SCHEDULES = 32;

/** Reads vui_parameters(). Throws ProtocolError. */
export function readVui(reader: BitReader): Vui {
  const aspectRatio = optional(reader, readAspectRatio);
  const overscanAppropriate = optional(reader, () => reader.flag());
  const videoSignal = optional(reader, () => ({
    format: reader.bits(3),
    fullRange: reader.flag(),
    colour: optional(reader, () => ({ primaries: reader.bits(8), transfer: reader.bits(8), matrix: reader.bits(8) })),
  }));
  const chromaLocation = optional(reader, () => ({ top: reader.unsignedGolomb(), bottom: reader.unsignedGolomb() }));
  const timing = optional(reader, () => ({
    unitsInTick: reader.bits(32),
    timeScale: reader.bits(32),
    fixedFrameRate: reader.flag(),
  }));
  const nalHrd = optional(reader, readHrd);
  const vclHrd = optional(reader, readHrd);
  const lowDelayHrd = nalHrd !== undefined || vclHrd !== undefined ? reader.flag() : false;
  return {
    aspectRatio,
    overscanAppropriate,
    videoSignal,
    chromaLocation,
    timing,
    nalHrd,
    vclHrd,
    lowDelayHrd,
    picStructPresent: reader.flag(),
    bitstreamRestriction: optional(reader, readRestriction),
  };
}

/** Writes vui_parameters(). */
export function writeVui(writer: BitWriter, vui: Vui): void {
  present(writer, vui.aspectRatio, ({ idc, width, height }) => {
    writer.bits(idc, 8);
    if (idc !== EXTENDED_SAR) return;
    writer.bits(width, 16);
    writer.bits(height, 16);
  });
  present(writer, vui.overscanAppropriate, (value) => writer.flag(value));
  present(writer, vui.videoSignal, ({ format, fullRange, colour }) => {
    writer.bits(format, 3);
    writer.flag(fullRange);
    present(writer, colour, ({ primaries, transfer, matrix }) => {
      for (const value of [primaries, transfer, matrix]) writer.bits(value, 8);
    });
  });
  present(writer, vui.chromaLocation, ({ top, bottom }) => {
    writer.unsignedGolomb(top);
    writer.unsignedGolomb(bottom);
  });
  present(writer, vui.timing, ({ unitsInTick, timeScale, fixedFrameRate }) => {
    writer.bits(unitsInTick, 32);
    writer.bits(timeScale, 32);
    writer.flag(fixedFrameRate);
  });
  present(writer, vui.nalHrd, (hrd) => writeHrd(writer, hrd));
  present(writer, vui.vclHrd, (hrd) => writeHrd(writer, hrd));
  if (vui.nalHrd !== undefined || vui.vclHrd !== undefined) writer.flag(vui.lowDelayHrd);
  writer.flag(vui.picStructPresent);
  present(writer, vui.bitstreamRestriction, (restriction) => writeRestriction(writer, restriction));
}

function optional<T>(reader: BitReader, read: (reader: BitReader) => T): T | undefined {
  return reader.flag() ? read(reader) : undefined;
}

function present<T>(writer: BitWriter, value: T | undefined, write: (value: T) => void): void {
  writer.flag(value !== undefined);
  if (value !== undefined) write(value);
}

function readAspectRatio(reader: BitReader): { idc: number; width: number; height: number } {
  const idc = reader.bits(8);
  if (idc !== EXTENDED_SAR) return { idc, width: 0, height: 0 };
  return { idc, width: reader.bits(16), height: reader.bits(16) };
}

function readHrd(reader: BitReader): Hrd {
  const count = reader.unsignedGolomb() + 1;
  if (count > MAX_SCHEDULES) throw new ProtocolError("malformed", `An HRD has ${count} schedules; 32 are allowed.`);
  const bitRateScale = reader.bits(4);
  const cpbSizeScale = reader.bits(4);
  const schedules = Array.from({ length: count }, () => ({
    bitRateValueMinus1: reader.unsignedGolomb(),
    cpbSizeValueMinus1: reader.unsignedGolomb(),
    constantRate: reader.flag(),
  }));
  return {
    bitRateScale,
    cpbSizeScale,
    schedules,
    initialCpbRemovalDelayLengthMinus1: reader.bits(5),
    cpbRemovalDelayLengthMinus1: reader.bits(5),
    dpbOutputDelayLengthMinus1: reader.bits(5),
    timeOffsetLength: reader.bits(5),
  };
}

function writeHrd(writer: BitWriter, hrd: Hrd): void {
  writer.unsignedGolomb(hrd.schedules.length - 1);
  writer.bits(hrd.bitRateScale, 4);
  writer.bits(hrd.cpbSizeScale, 4);
  for (const schedule of hrd.schedules) {
    writer.unsignedGolomb(schedule.bitRateValueMinus1);
    writer.unsignedGolomb(schedule.cpbSizeValueMinus1);
    writer.flag(schedule.constantRate);
  }
  writer.bits(hrd.initialCpbRemovalDelayLengthMinus1, 5);
  writer.bits(hrd.cpbRemovalDelayLengthMinus1, 5);
  writer.bits(hrd.dpbOutputDelayLengthMinus1, 5);
  writer.bits(hrd.timeOffsetLength, 5);
}

function readRestriction(reader: BitReader): BitstreamRestriction {
  return {
    motionVectorsOverPictureBoundaries: reader.flag(),
    maxBytesPerPicDenom: reader.unsignedGolomb(),
    maxBitsPerMbDenom: reader.unsignedGolomb(),
    log2MaxMvLengthHorizontal: reader.unsignedGolomb(),
    log2MaxMvLengthVertical: reader.unsignedGolomb(),
    maxNumReorderFrames: reader.unsignedGolomb(),
    maxDecFrameBuffering: reader.unsignedGolomb(),
  };
}

function writeRestriction(writer: BitWriter, restriction: BitstreamRestriction): void {
  writer.flag(restriction.motionVectorsOverPictureBoundaries);
  writer.unsignedGolomb(restriction.maxBytesPerPicDenom);
  writer.unsignedGolomb(restriction.maxBitsPerMbDenom);
  writer.unsignedGolomb(restriction.log2MaxMvLengthHorizontal);
  writer.unsignedGolomb(restriction.log2MaxMvLengthVertical);
  writer.unsignedGolomb(restriction.maxNumReorderFrames);
  writer.unsignedGolomb(restriction.maxDecFrameBuffering);
}
