/** Second bytes of the JPEG markers that matter here (Rec. T.81, table B.1). */
export const Marker = {
  temporary: 0x01,
  huffmanTables: 0xc4,
  extension: 0xc8,
  arithmeticConditioning: 0xcc,
  restart0: 0xd0,
  restart7: 0xd7,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  quantizationTables: 0xdb,
  numberOfLines: 0xdc,
  restartInterval: 0xdd,
  hierarchical: 0xde,
  expand: 0xdf,
  application0: 0xe0,
  application15: 0xef,
  comment: 0xfe,
} as const;

/** Whether the marker begins a frame: SOF0 to SOF15, without the three codes in that range that are something else. */
export function isStartOfFrame(code: number): boolean {
  if (code < 0xc0 || code > 0xcf) return false;
  return code !== Marker.huffmanTables && code !== Marker.extension && code !== Marker.arithmeticConditioning;
}

export function isRestart(code: number): boolean {
  return code >= Marker.restart0 && code <= Marker.restart7;
}

/** Between scans nobody writes more than this as a comment or of an application's own; a longer one is damage. */
const MAX_LATE_EXTRA_BYTES = 4096;
const MAX_QUANTIZATION_BYTES = 2 + 16 * 129;
const MAX_HUFFMAN_BYTES = 2 + 16 * 273;

/**
 * Whether a segment of this marker may have this length (its own two bytes included), so that a damaged length is seen
 * at once and does not swallow the pictures behind it.
 */
export function isPlausibleLength(code: number, length: number, afterScan: boolean): boolean {
  if (length < 2) return false;
  if (isStartOfFrame(code)) return !afterScan && length >= 11 && length <= 20 && (length - 8) % 3 === 0;
  switch (code) {
    case Marker.startOfScan:
      return length >= 8 && length <= 14 && length % 2 === 0;
    case Marker.quantizationTables:
      return length >= 2 + 65 && length <= MAX_QUANTIZATION_BYTES;
    case Marker.huffmanTables:
      return length >= 2 + 17 && length <= MAX_HUFFMAN_BYTES;
    case Marker.restartInterval:
    case Marker.numberOfLines:
      return length === 4;
    case Marker.arithmeticConditioning:
      return length >= 4 && length <= 2 + 2 * 8;
    case Marker.comment:
      return !afterScan || length <= MAX_LATE_EXTRA_BYTES;
    default:
      // JPEG of several frames (DHP, EXP), the reserved JPGn and RES: no camera writes them.
      if (code < Marker.application0 || code > Marker.application15) return false;
      return !afterScan || length <= MAX_LATE_EXTRA_BYTES;
  }
}
