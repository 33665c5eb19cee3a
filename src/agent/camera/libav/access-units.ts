import { ProtocolError } from "../../../base/index.ts";
import { avcCodecString, NalType, nalUnits, parseSps, spsPictureSize } from "../../../codecs/index.ts";

/** An access unit that is whole and joins: parameter sets are inside of every keyframe. */
export type AccessUnit = {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  /** Size that a keyframe's SPS says; undefined elsewhere. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
};

/**
 * Completes the access units of one stream: cameras may send their parameter sets once at the start, or only in the
 * session's description, but a viewer joins at any keyframe.
 */
export class AccessUnits {
  #parameterSets: Uint8Array;

  /** `extradata` as libav has it; used where it is Annex B. */
  constructor(extradata: Uint8Array | null) {
    const annexB = extradata !== null && nalUnits(extradata).some(({ type }) => type === NalType.sps);
    this.#parameterSets = annexB ? extradata.slice() : new Uint8Array(0);
  }

  /** Copies the access unit. Returns undefined for one without a picture, and for a keyframe whose SPS never came. */
  take(bytes: Uint8Array): AccessUnit | undefined {
    const units = nalUnits(bytes);
    const sets = units.filter(({ type }) => type === NalType.sps || type === NalType.pps);
    const sps = sets.find(({ type }) => type === NalType.sps);
    if (sps !== undefined) this.#keep(bytes, sets);
    const keyframe = units.some(({ type }) => type === NalType.idrSlice);
    if (!keyframe) return units.some(({ type }) => type === NalType.slice) ? whole(bytes) : undefined;
    if (sps !== undefined) return { data: bytes.slice() as Uint8Array<ArrayBuffer>, keyframe, size: sizeOf(bytes) };
    if (this.#parameterSets.length === 0) return undefined;
    const data = new Uint8Array(this.#parameterSets.length + bytes.length);
    data.set(this.#parameterSets);
    data.set(bytes, this.#parameterSets.length);
    return { data, keyframe, size: sizeOf(data) };
  }

  #keep(bytes: Uint8Array, sets: readonly { start: number; end: number }[]): void {
    const length = sets.reduce((sum, { start, end }) => sum + 4 + end - start, 0);
    const kept = new Uint8Array(length);
    let offset = 0;
    for (const { start, end } of sets) {
      kept.set([0, 0, 0, 1], offset);
      kept.set(bytes.subarray(start, end), offset + 4);
      offset += 4 + end - start;
    }
    this.#parameterSets = kept;
  }
}

/** WebCodecs' name of the codec, from the first SPS of an access unit; undefined where it has none that can be read. */
export function codecStringOf(accessUnit: Uint8Array): string | undefined {
  const sps = readSps(accessUnit);
  return sps === undefined ? undefined : avcCodecString(sps);
}

function whole(bytes: Uint8Array): AccessUnit {
  return { data: bytes.slice() as Uint8Array<ArrayBuffer>, keyframe: false, size: undefined };
}

function sizeOf(accessUnit: Uint8Array): { width: number; height: number } | undefined {
  const sps = readSps(accessUnit);
  return sps === undefined ? undefined : spsPictureSize(sps);
}

function readSps(accessUnit: Uint8Array): ReturnType<typeof parseSps> | undefined {
  const unit = nalUnits(accessUnit).find(({ type }) => type === NalType.sps);
  if (unit === undefined) return undefined;
  try {
    return parseSps(accessUnit.subarray(unit.start, unit.end));
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
