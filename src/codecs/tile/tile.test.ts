import fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError, type Rect } from "../../base/index.ts";
import { decodeTile, encodeTile, maxTileBytes } from "./index.ts";

/** Encodes the rectangle of a picture of the given width, decodes it, and returns both as 0xRRGGBB rows. */
function roundTrip(pixels: Uint32Array, strideWords: number, rect: Rect): { bytes: Uint8Array; decoded: number[] } {
  const target = new Uint8Array(maxTileBytes(rect.width * rect.height) + 3);
  const end = encodeTile({ pixels, strideWords }, rect, target, 3);
  const bytes = target.subarray(3, end);
  const canvas = new Uint32Array(pixels.length).fill(0x12345678);
  decodeTile(bytes, { pixels: canvas, strideWords }, rect);
  const inside = (index: number): boolean => {
    const x = index % strideWords;
    const y = Math.floor(index / strideWords);
    return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
  };
  const decoded: number[] = [];
  for (const [index, word] of canvas.entries()) {
    if (!inside(index)) {
      if (word !== 0x12345678) throw new Error(`The pixel ${index} beside the rectangle was written.`);
    } else {
      if (word >>> 24 !== 0xff) throw new Error(`The pixel ${index} is not opaque.`);
      decoded.push(((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff));
    }
  }
  return { bytes, decoded };
}

function sourceOf(pixels: Uint32Array, strideWords: number, rect: Rect): number[] {
  const words: number[] = [];
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1)
      words.push((pixels[y * strideWords + x] as number) & 0xffffff);
  }
  return words;
}

const colour = fc.oneof(
  fc.constantFrom(0, 0xffffff, 0x0000ff, 0x808080),
  fc.integer({ min: 0x404040, max: 0x404850 }),
  fc.integer({ min: 0, max: 0xffffffff }),
);

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 24 }) })
  .chain(({ width, height }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      spans: fc.array(fc.tuple(colour, fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 60 }),
      x: fc.integer({ min: 0, max: width - 1 }),
      y: fc.integer({ min: 0, max: height - 1 }),
    }),
  );

test("every picture comes back exactly, and nothing beside the rectangle is touched", () => {
  fc.assert(
    fc.property(picture, ({ width, height, spans, x, y }) => {
      const words = spans.flatMap(([value, count]) => new Array<number>(count).fill(value));
      const pixels = Uint32Array.from({ length: width * height }, (_, index) => words[index % words.length] as number);
      const rect = { x, y, width: width - x, height: height - y };
      expect(roundTrip(pixels, width, rect).decoded).toEqual(sourceOf(pixels, width, rect));
    }),
    { numRuns: 500 },
  );
});

test("a flat tile of any size takes a few bytes", () => {
  const pixels = new Uint32Array(640 * 480).fill(0x336699);
  const rect = { x: 0, y: 0, width: 640, height: 480 };
  const target = new Uint8Array(maxTileBytes(640 * 480));
  const end = encodeTile({ pixels, strideWords: 640 }, rect, target, 0);
  expect(end).toBeLessThan(16);
  const canvas = new Uint32Array(640 * 480);
  decodeTile(target.subarray(0, end), { pixels: canvas, strideWords: 640 }, rect);
  expect(canvas.every((word) => word === 0xff996633)).toBe(true);
});

test("runs of every length around the limits of an operation", () => {
  for (let run = 1; run < 400; run += 1) {
    const pixels = new Uint32Array(run + 2).fill(0xabcdef);
    pixels[0] = 1;
    pixels[run + 1] = 2;
    const rect = { x: 0, y: 0, width: run + 2, height: 1 };
    expect(roundTrip(pixels, run + 2, rect).decoded).toEqual(sourceOf(pixels, run + 2, rect));
  }
});

test("every proper prefix of a tile is refused as truncated", () => {
  const pixels = Uint32Array.from(
    { length: 24 * 16 },
    (_, index) => Math.imul(index * index, 2654435761) >>> (index % 20),
  );
  const rect = { x: 0, y: 0, width: 24, height: 16 };
  const { bytes } = roundTrip(pixels, 24, rect);
  const plane = { pixels: new Uint32Array(24 * 16), strideWords: 24 };
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeTile(bytes.subarray(0, length), plane, rect)).toThrow(ProtocolError);
  }
  expect(() => decodeTile(Uint8Array.from([...bytes, 0]), plane, rect)).toThrow(/after its last pixel/);
});

test("arbitrary bytes never write outside the rectangle and throw nothing but ProtocolError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const pixels = new Uint32Array(20 * 20).fill(7);
      const rect = { x: 3, y: 2, width: 11, height: 13 };
      try {
        decodeTile(bytes, { pixels, strideWords: 20 }, rect);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      for (const [index, word] of pixels.entries()) {
        const x = index % 20;
        const y = Math.floor(index / 20);
        const outside = x < 3 || x >= 14 || y < 2 || y >= 15;
        if (outside && word !== 7) throw new Error(`The pixel ${x},${y} outside the rectangle was written.`);
      }
    }),
    { numRuns: 1000 },
  );
});

test("misuse is told in a sentence", () => {
  const plane = { pixels: new Uint32Array(4), strideWords: 2 };
  expect(() => encodeTile(plane, { x: 0, y: 0, width: 2, height: 2 }, new Uint8Array(4), 0)).toThrow(RangeError);
});

test("encoding gives up at the limit, and needs no room for more", () => {
  const pixels = Uint32Array.from({ length: 64 * 64 }, (_, index) => Math.imul(index + 1, 2654435761) >>> 8);
  const plane = { pixels, strideWords: 64 };
  const rect = { x: 0, y: 0, width: 64, height: 64 };
  const all = encodeTile(plane, rect, new Uint8Array(maxTileBytes(64 * 64)), 0);
  expect(encodeTile(plane, rect, new Uint8Array(maxTileBytes(64 * 64)), 0, all)).toBe(all);
  expect(encodeTile(plane, rect, new Uint8Array(2000 + maxTileBytes(64)), 0, 2000)).toBe(-1);
});
