import { describe, expect, test } from "vitest";
import { parseCursorImage } from "./x11-cursor.ts";

/** A reply of XFixesGetCursorImage with premultiplied A R G B words. */
function reply(width: number, height: number, hotspot: [number, number], words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(32 + 4 * words.length);
  bytes.writeUInt16LE(width, 12);
  bytes.writeUInt16LE(height, 14);
  bytes.writeUInt16LE(hotspot[0], 16);
  bytes.writeUInt16LE(hotspot[1], 18);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, 32 + 4 * index);
  return bytes;
}

describe("parseCursorImage", () => {
  test("turns premultiplied A R G B into straight R G B A", () => {
    const shape = parseCursorImage(reply(2, 1, [1, 0], [0xff102030, 0x80402000]));
    expect(shape).toMatchObject({ width: 2, height: 1, hotspotX: 1, hotspotY: 0 });
    expect([...shape.rgba]).toEqual([0x10, 0x20, 0x30, 0xff, 128, 64, 0, 0x80]);
  });

  test("says hidden when no pixel is visible", () => {
    expect(parseCursorImage(reply(2, 1, [1, 0], [0, 0]))).toMatchObject({ width: 0, height: 0 });
  });

  test("crops a shape that no message can carry, row by row", () => {
    const words = Array.from({ length: 300 * 2 }, (_, index) => (0xff000000 + index) >>> 0);
    const shape = parseCursorImage(reply(300, 2, [299, 1], words));
    expect(shape).toMatchObject({ width: 256, height: 2, hotspotX: 255, hotspotY: 1 });
    expect([...shape.rgba.subarray(256 * 4, 256 * 4 + 4)]).toEqual([0, 300 >> 8, 300 & 255, 255]);
  });
});
