/** nal_unit_type values that Sightline looks at (Rec. H.264, table 7-1). */
export const NalType = { slice: 1, idrSlice: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const;

/** One NAL unit of an Annex B stream: `start` is its header byte, `end` is behind its last byte, trailing zeros left out. */
export type NalUnit = { readonly type: number; readonly start: number; readonly end: number };

/** The NAL units of an Annex B byte stream in order; bytes before the first start code are ignored. */
export function nalUnits(stream: Uint8Array): NalUnit[] {
  const units: NalUnit[] = [];
  let start = afterStartCode(stream, 0);
  while (start < stream.length) {
    const next = afterStartCode(stream, start);
    let end = next < 0 ? stream.length : next - 3;
    while (end > start && stream[end - 1] === 0) end -= 1;
    if (start >= 0 && end > start) units.push({ type: (stream[start] as number) & 31, start, end });
    if (next < 0) break;
    start = next;
  }
  return units;
}

/** Position behind the next start code at or after `from`, or -1. */
function afterStartCode(stream: Uint8Array, from: number): number {
  let index = stream.indexOf(1, from + 2);
  while (index >= 0) {
    if (stream[index - 1] === 0 && stream[index - 2] === 0) return index + 1;
    index = stream.indexOf(1, index + 1);
  }
  return -1;
}

/** The RBSP inside a NAL unit's payload: emulation prevention bytes removed. */
export function removeEmulationPrevention(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const rbsp = new Uint8Array(payload.length);
  let length = 0;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    rbsp[length] = byte;
    length += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return rbsp.subarray(0, length);
}

/** The mirror of {@link removeEmulationPrevention}: a 3 goes before every byte below 4 that follows two zeros. */
export function addEmulationPrevention(rbsp: Uint8Array): Uint8Array<ArrayBuffer> {
  const payload: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      payload.push(3);
      zeros = 0;
    }
    payload.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(payload);
}
