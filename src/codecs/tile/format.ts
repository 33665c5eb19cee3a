/**
 * The lossless tile format: a rectangle of opaque pixels, row by row from the top, as a sequence of operations. It is QOI
 * (qoiformat.org, version 1.0) with one operation more, "as above", which is what text, windows and scrolled pages are
 * made of, and without alpha. Every operation extends the output by at least one pixel; runs continue over row ends.
 *
 * | first byte | operation |
 * |---|---|
 * | 00iiiiii | the pixel in the table of recent colours at i |
 * | 01rrggbb | previous pixel plus (r - 2, g - 2, b - 2), modulo 256 |
 * | 10gggggg rrrrbbbb | previous plus g - 32 on green, g - 32 + r - 8 on red, g - 32 + b - 8 on blue |
 * | 110nnnnn | previous pixel n + 1 times; n = 31: 32 + a varint that follows |
 * | 111nnnnn | n + 1 pixels as those one row above; n = 30: 31 + a varint that follows |
 * | 11111111 R G B | that colour |
 *
 * The previous pixel is black at first. A pixel that the second, third and last kind bring is put into the table at
 * `tableIndex` of its colour. The table is empty at first. Varints have 7 bits a byte, lowest first, the top bit set on
 * all but the last byte, and at most 4 bytes.
 */
export const TABLE_SIZE = 64;

/** Where a colour 0xRRGGBB stands in the table of recent colours: the top 6 bits of a Fibonacci hash. */
export function tableIndex(rgb: number): number {
  return Math.imul(rgb, 0x9e3779b1) >>> 26;
}

export const OP_DIFF = 0x40;
export const OP_LUMA = 0x80;
export const OP_RUN = 0xc0;
export const OP_ABOVE = 0xe0;
export const OP_RGB = 0xff;

/** Low five bits of a run whose length goes on in a varint; the length in the varint starts after this many + 1. */
export const RUN_EXTENDED = 31;
export const ABOVE_EXTENDED = 30;

/** A value that no table entry has before it is set: colours have their top byte clear. */
export const EMPTY = 0xffffffff;

/** Most bytes that `pixels` pixels can take: every one a colour of its own, and a little for the last run. */
export function maxTileBytes(pixels: number): number {
  return pixels * 4 + 8;
}
