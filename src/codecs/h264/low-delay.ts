import { ProtocolError } from "../../base/index.ts";
import { NalType, nalUnits } from "./nal.ts";
import { parseSps, type Sps, writeSps } from "./sps.ts";
import { EMPTY_VUI } from "./vui.ts";

/**
 * The same SPS with the promise that no picture is ever reordered, so that a decoder shows each one at once, and with its
 * level raised to `minLevelIdc`. Only valid for a stream without B pictures.
 */
export function lowDelaySps(sps: Sps, minLevelIdc: number): Sps {
  const vui = sps.vui ?? EMPTY_VUI;
  return {
    ...sps,
    levelIdc: Math.max(sps.levelIdc, minLevelIdc),
    vui: {
      ...vui,
      bitstreamRestriction: {
        // The values that Rec. H.264 infers where the restriction is absent (E.2.1).
        motionVectorsOverPictureBoundaries: true,
        maxBytesPerPicDenom: 2,
        maxBitsPerMbDenom: 1,
        log2MaxMvLengthHorizontal: 16,
        log2MaxMvLengthVertical: 16,
        ...vui.bitstreamRestriction,
        maxNumReorderFrames: 0,
        maxDecFrameBuffering: sps.maxNumRefFrames,
      },
    },
  };
}

/** An access unit whose SPS was rewritten, and that SPS. */
export type LowDelayAccessUnit = { readonly data: Uint8Array<ArrayBuffer>; readonly sps: Sps };

/**
 * Rewrites the SPS of a keyframe's access unit (Annex B) with {@link lowDelaySps} into a new buffer; everything else is
 * copied as it is. Throws ProtocolError when there is none.
 */
export function rewriteAccessUnit(accessUnit: Uint8Array, minLevelIdc: number): LowDelayAccessUnit {
  const unit = nalUnits(accessUnit).find(({ type }) => type === NalType.sps);
  if (unit === undefined) throw new ProtocolError("malformed", "The keyframe carries no sequence parameter set.");
  const sps = lowDelaySps(parseSps(accessUnit.subarray(unit.start, unit.end)), minLevelIdc);
  const nal = writeSps(sps);
  const data = new Uint8Array(accessUnit.length - (unit.end - unit.start) + nal.length);
  data.set(accessUnit.subarray(0, unit.start));
  data.set(nal, unit.start);
  data.set(accessUnit.subarray(unit.end), unit.start + nal.length);
  return { data, sps };
}
