import { isStartOfFrame, Marker } from "./markers.ts";

/** Whether {@link isPlausiblePayload} needs the payload of this segment; others are skipped. */
export function isLookedInto(code: number): boolean {
  if (isStartOfFrame(code)) return true;
  switch (code) {
    case Marker.startOfScan:
    case Marker.numberOfLines:
    case Marker.huffmanTables:
    case Marker.quantizationTables:
      return true;
    default:
      return false;
  }
}

/**
 * Whether a payload is what its segment says (Rec. T.81, B.2), so that a damaged length is seen although it happens to end
 * at a marker of another picture.
 */
export function isPlausiblePayload(code: number, payload: readonly number[]): boolean {
  if (isStartOfFrame(code)) return isFrameHeader(payload);
  switch (code) {
    case Marker.startOfScan:
      return isScanHeader(payload);
    case Marker.huffmanTables:
      return isSequence(payload, huffmanTableLength);
    case Marker.quantizationTables:
      return isSequence(payload, quantizationTableLength);
    default:
      return true;
  }
}

function isFrameHeader(payload: readonly number[]): boolean {
  const [precision = 0] = payload;
  if (precision < 2 || precision > 16 || payload.length !== 6 + 3 * (payload[5] ?? 0)) return false;
  return payload.slice(6).every((value, index) => {
    if (index % 3 === 0) return true;
    return index % 3 === 1 ? isSampling(value >> 4) && isSampling(value & 15) : value <= 3;
  });
}

function isSampling(factor: number): boolean {
  return factor >= 1 && factor <= 4;
}

function isScanHeader(payload: readonly number[]): boolean {
  const [components = 0] = payload;
  const parameters = payload.slice(1 + 2 * components);
  const [start = 0, end = 0, approximation = 0] = parameters;
  if (parameters.length !== 3 || start > 63 || end > 63 || approximation >> 4 > 13 || (approximation & 15) > 13) {
    return false;
  }
  const tables = payload.slice(1, 1 + 2 * components).filter((_, index) => index % 2 === 1);
  return tables.every((table) => table >> 4 <= 3 && (table & 15) <= 3);
}

/** Whether tables whose lengths `lengthAt` tells fill the payload exactly. */
function isSequence(payload: readonly number[], lengthAt: (payload: readonly number[], at: number) => number): boolean {
  let at = 0;
  while (at < payload.length) {
    const length = lengthAt(payload, at);
    if (length === 0) return false;
    at += length;
  }
  return at === payload.length;
}

function huffmanTableLength(payload: readonly number[], at: number): number {
  const selector = payload[at] as number;
  if (selector >> 4 > 1 || (selector & 15) > 3) return 0;
  let codes = 0;
  for (let index = 1; index <= 16; index += 1) codes += payload[at + index] ?? 0;
  return codes > 256 ? 0 : 17 + codes;
}

function quantizationTableLength(payload: readonly number[], at: number): number {
  const selector = payload[at] as number;
  if (selector >> 4 > 1 || (selector & 15) > 3) return 0;
  return selector >> 4 === 0 ? 65 : 129;
}
