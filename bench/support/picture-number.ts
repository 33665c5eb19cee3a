/**
 * A picture carries its number as a row of black and white cells, so that a page can tell from the pixels alone which
 * picture it shows. Cells are 16 pixels wide, as a video codec's blocks are, so that lossy codecs keep them readable.
 */
export const cellPixels = 16;
const numberBits = 20;
const checkBits = 4;
/** The cells in a row: the number, highest bit first, then a checksum. */
export const cellCount = numberBits + checkBits;

function checksum(number: number): number {
  return (number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ (number >> 16) ^ 0b1010) & 0b1111;
}

/** Which cells are white, from left to right, for a number below 2^20. */
export function cellsOf(number: number): boolean[] {
  const bits = (number << checkBits) | checksum(number);
  return Array.from({ length: cellCount }, (_, index) => ((bits >> (cellCount - 1 - index)) & 1) === 1);
}

/** The number that a row of cells spells, read as bits with white as 1; undefined when the checksum is wrong. */
export function numberOfBits(bits: number): number | undefined {
  const number = bits >> checkBits;
  return (bits & 0b1111) === checksum(number) ? number : undefined;
}
