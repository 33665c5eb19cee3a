import { ProtocolError } from "../../base/index.ts";
import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./bit-writer.ts";
import { addEmulationPrevention, NalType, removeEmulationPrevention } from "./nal.ts";
import { readVui, type Vui, writeVui } from "./vui.ts";

/** What only the High profiles and their relatives carry. */
export type SpsFormat = {
  readonly chromaFormatIdc: number;
  /** Only in the stream, and otherwise false, for 4:4:4. */
  readonly separateColourPlanes: boolean;
  readonly bitDepthLumaMinus8: number;
  readonly bitDepthChromaMinus8: number;
  readonly losslessTransformBypass: boolean;
  /** 8 lists (12 for 4:4:4) of delta_scale values as coded, undefined for a list that is not present. */
  readonly scalingLists: readonly (readonly number[] | undefined)[] | undefined;
};

/** How decoding order turns into output order. */
export type PictureOrder =
  | { readonly type: 0; readonly log2MaxLsbMinus4: number }
  | {
      readonly type: 1;
      readonly deltaAlwaysZero: boolean;
      readonly offsetForNonRefPic: number;
      readonly offsetForTopToBottomField: number;
      readonly offsetsForRefFrame: readonly number[];
    }
  | { readonly type: 2 };

/** A sequence parameter set, field by field (Rec. H.264, 7.3.2.1.1). */
export type Sps = {
  readonly nalRefIdc: number;
  readonly profileIdc: number;
  /** constraint_set0_flag (bit 7) to constraint_set5_flag (bit 2) and the two reserved bits. */
  readonly constraintFlags: number;
  /** Ten times the level: 42 is level 4.2. */
  readonly levelIdc: number;
  readonly id: number;
  readonly format: SpsFormat | undefined;
  readonly log2MaxFrameNumMinus4: number;
  readonly pictureOrder: PictureOrder;
  readonly maxNumRefFrames: number;
  readonly gapsInFrameNumAllowed: boolean;
  readonly widthInMacroblocksMinus1: number;
  readonly heightInMapUnitsMinus1: number;
  readonly frameMacroblocksOnly: boolean;
  /** Only in the stream, and otherwise false, where fields are allowed. */
  readonly macroblockAdaptiveFrameField: boolean;
  readonly direct8x8Inference: boolean;
  /** In units of the chroma format: 2 pixels for progressive 4:2:0. */
  readonly cropping:
    | { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
    | undefined;
  readonly vui: Vui | undefined;
};

const PROFILES_WITH_FORMAT: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
const MAX_REF_FRAME_OFFSETS = 255;

/** Parses a whole SPS NAL unit, header byte included. Throws ProtocolError when it is cut off or breaks the syntax. */
export function parseSps(nal: Uint8Array): Sps {
  const header = nal[0];
  if (header === undefined || (header & 0x9f) !== NalType.sps) {
    throw new ProtocolError("malformed", "The NAL unit is not a sequence parameter set.");
  }
  const reader = new BitReader(removeEmulationPrevention(nal.subarray(1)));
  const profileIdc = reader.bits(8);
  const sps: Sps = {
    nalRefIdc: header >> 5,
    profileIdc,
    constraintFlags: reader.bits(8),
    levelIdc: reader.bits(8),
    id: reader.unsignedGolomb(),
    format: PROFILES_WITH_FORMAT.has(profileIdc) ? readFormat(reader) : undefined,
    log2MaxFrameNumMinus4: reader.unsignedGolomb(),
    pictureOrder: readPictureOrder(reader),
    maxNumRefFrames: reader.unsignedGolomb(),
    gapsInFrameNumAllowed: reader.flag(),
    widthInMacroblocksMinus1: reader.unsignedGolomb(),
    heightInMapUnitsMinus1: reader.unsignedGolomb(),
    ...readFields(reader),
    direct8x8Inference: reader.flag(),
    cropping: reader.flag() ? readCropping(reader) : undefined,
    vui: reader.flag() ? readVui(reader) : undefined,
  };
  if (!reader.flag()) throw new ProtocolError("malformed", "A sequence parameter set does not end with its stop bit.");
  return sps;
}

/** The whole SPS NAL unit, header byte and emulation prevention included, without a start code. */
export function writeSps(sps: Sps): Uint8Array<ArrayBuffer> {
  const writer = new BitWriter();
  writer.bits(sps.profileIdc, 8);
  writer.bits(sps.constraintFlags, 8);
  writer.bits(sps.levelIdc, 8);
  writer.unsignedGolomb(sps.id);
  if (PROFILES_WITH_FORMAT.has(sps.profileIdc)) writeFormat(writer, sps);
  writer.unsignedGolomb(sps.log2MaxFrameNumMinus4);
  writePictureOrder(writer, sps.pictureOrder);
  writer.unsignedGolomb(sps.maxNumRefFrames);
  writer.flag(sps.gapsInFrameNumAllowed);
  writer.unsignedGolomb(sps.widthInMacroblocksMinus1);
  writer.unsignedGolomb(sps.heightInMapUnitsMinus1);
  writer.flag(sps.frameMacroblocksOnly);
  if (!sps.frameMacroblocksOnly) writer.flag(sps.macroblockAdaptiveFrameField);
  writer.flag(sps.direct8x8Inference);
  writer.flag(sps.cropping !== undefined);
  if (sps.cropping !== undefined) {
    const { left, right, top, bottom } = sps.cropping;
    for (const edge of [left, right, top, bottom]) writer.unsignedGolomb(edge);
  }
  writer.flag(sps.vui !== undefined);
  if (sps.vui !== undefined) writeVui(writer, sps.vui);
  const payload = addEmulationPrevention(writer.finish());
  const nal = new Uint8Array(payload.length + 1);
  nal[0] = (sps.nalRefIdc << 5) | NalType.sps;
  nal.set(payload, 1);
  return nal;
}

/** Width and height of the shown picture in pixels, cropping taken off. */
export function spsPictureSize(sps: Sps): { width: number; height: number } {
  const chroma = sps.format?.separateColourPlanes === true ? 0 : (sps.format?.chromaFormatIdc ?? 1);
  const fieldFactor = sps.frameMacroblocksOnly ? 1 : 2;
  const cropUnitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropUnitY = (chroma === 1 ? 2 : 1) * fieldFactor;
  const crop = sps.cropping ?? { left: 0, right: 0, top: 0, bottom: 0 };
  return {
    width: (sps.widthInMacroblocksMinus1 + 1) * 16 - cropUnitX * (crop.left + crop.right),
    height: (sps.heightInMapUnitsMinus1 + 1) * 16 * fieldFactor - cropUnitY * (crop.top + crop.bottom),
  };
}

/** The WebCodecs and RFC 6381 codec string: "avc1." and profile, constraints and level in hexadecimal. */
export function avcCodecString(sps: Pick<Sps, "profileIdc" | "constraintFlags" | "levelIdc">): string {
  const hex = [sps.profileIdc, sps.constraintFlags, sps.levelIdc].map((byte) => byte.toString(16).padStart(2, "0"));
  return `avc1.${hex.join("")}`;
}

function readFields(reader: BitReader): Pick<Sps, "frameMacroblocksOnly" | "macroblockAdaptiveFrameField"> {
  const frameMacroblocksOnly = reader.flag();
  return { frameMacroblocksOnly, macroblockAdaptiveFrameField: frameMacroblocksOnly ? false : reader.flag() };
}

function readCropping(reader: BitReader): NonNullable<Sps["cropping"]> {
  return {
    left: reader.unsignedGolomb(),
    right: reader.unsignedGolomb(),
    top: reader.unsignedGolomb(),
    bottom: reader.unsignedGolomb(),
  };
}

function readFormat(reader: BitReader): SpsFormat {
  const chromaFormatIdc = reader.unsignedGolomb();
  if (chromaFormatIdc > 3) throw new ProtocolError("malformed", `The chroma format ${chromaFormatIdc} does not exist.`);
  return {
    chromaFormatIdc,
    separateColourPlanes: chromaFormatIdc === 3 ? reader.flag() : false,
    bitDepthLumaMinus8: reader.unsignedGolomb(),
    bitDepthChromaMinus8: reader.unsignedGolomb(),
    losslessTransformBypass: reader.flag(),
    scalingLists: reader.flag() ? readScalingLists(reader, chromaFormatIdc) : undefined,
  };
}

function writeFormat(writer: BitWriter, sps: Sps): void {
  const format = sps.format;
  if (format === undefined) throw new TypeError(`An SPS of profile ${sps.profileIdc} needs its format.`);
  writer.unsignedGolomb(format.chromaFormatIdc);
  if (format.chromaFormatIdc === 3) writer.flag(format.separateColourPlanes);
  writer.unsignedGolomb(format.bitDepthLumaMinus8);
  writer.unsignedGolomb(format.bitDepthChromaMinus8);
  writer.flag(format.losslessTransformBypass);
  writer.flag(format.scalingLists !== undefined);
  for (const list of format.scalingLists ?? []) {
    writer.flag(list !== undefined);
    for (const delta of list ?? []) writer.signedGolomb(delta);
  }
}

function readScalingLists(reader: BitReader, chromaFormatIdc: number): (number[] | undefined)[] {
  return Array.from({ length: chromaFormatIdc === 3 ? 12 : 8 }, (_, index) =>
    reader.flag() ? readScalingList(reader, index < 6 ? 16 : 64) : undefined,
  );
}

/** The deltas as coded: the list ends early where the next scale becomes 0. */
function readScalingList(reader: BitReader, size: number): number[] {
  const deltas: number[] = [];
  let scale = 8;
  while (deltas.length < size && scale !== 0) {
    const delta = reader.signedGolomb();
    deltas.push(delta);
    scale = (((scale + delta) % 256) + 256) % 256;
  }
  return deltas;
}

function readPictureOrder(reader: BitReader): PictureOrder {
  const type = reader.unsignedGolomb();
  if (type === 0) return { type, log2MaxLsbMinus4: reader.unsignedGolomb() };
  if (type === 2) return { type };
  if (type !== 1) throw new ProtocolError("malformed", `The picture order count type ${type} does not exist.`);
  const deltaAlwaysZero = reader.flag();
  const offsetForNonRefPic = reader.signedGolomb();
  const offsetForTopToBottomField = reader.signedGolomb();
  const count = reader.unsignedGolomb();
  if (count > MAX_REF_FRAME_OFFSETS) {
    throw new ProtocolError("malformed", `A picture order cycle has ${count} frames; 255 are allowed.`);
  }
  const offsetsForRefFrame = Array.from({ length: count }, () => reader.signedGolomb());
  return { type, deltaAlwaysZero, offsetForNonRefPic, offsetForTopToBottomField, offsetsForRefFrame };
}

function writePictureOrder(writer: BitWriter, order: PictureOrder): void {
  writer.unsignedGolomb(order.type);
  if (order.type === 0) writer.unsignedGolomb(order.log2MaxLsbMinus4);
  if (order.type !== 1) return;
  writer.flag(order.deltaAlwaysZero);
  writer.signedGolomb(order.offsetForNonRefPic);
  writer.signedGolomb(order.offsetForTopToBottomField);
  writer.unsignedGolomb(order.offsetsForRefFrame.length);
  for (const offset of order.offsetsForRefFrame) writer.signedGolomb(offset);
}
