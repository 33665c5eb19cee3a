import { BitReader } from "./bit-reader.ts";
import { NalType, nalUnits } from "./nal.ts";

/** Bytes of a slice header that hold its first two fields, whatever their values. */
const MAX_FIELD_BYTES = 12;

/**
 * Whether an access unit (Annex B) has B slices: then pictures are decoded in another order than shown, and a viewer that
 * shows each one at once cannot take the stream as it is.
 */
export function hasBidirectionalSlices(accessUnit: Uint8Array): boolean {
  for (const { type, start, end } of nalUnits(accessUnit)) {
    if (type !== NalType.slice) continue;
    const reader = new BitReader(accessUnit.subarray(start + 1, Math.min(end, start + 1 + MAX_FIELD_BYTES)));
    reader.unsignedGolomb();
    // slice_type (Rec. H.264, table 7-6): 1 and 6 are B.
    if (reader.unsignedGolomb() % 5 === 1) return true;
    // The slices of one picture are nearly always of one type; the first tells.
    return false;
  }
  return false;
}
