import fc from "fast-check";
import { expect, test } from "vitest";
import { averageBlocks } from "./average-blocks.ts";

const channels = [16, 8, 0];

test("every block has the rounded mean of its own pixels, whatever the fourth byte holds", () => {
  const pictures = fc.record({
    width: fc.integer({ min: 1, max: 11 }),
    height: fc.integer({ min: 1, max: 11 }),
    x: fc.nat(3),
    y: fc.nat(3),
    words: fc.array(fc.nat(0xffffffff), { minLength: 196, maxLength: 196 }),
  });
  fc.assert(
    fc.property(pictures, ({ width, height, x, y, words }) => {
      const source = { pixels: Uint32Array.from(words), strideWords: 14 };
      const { plane, rect } = averageBlocks(source, { x, y, width, height });
      expect(rect).toEqual({ x: 0, y: 0, width: Math.ceil(width / 4), height: Math.ceil(height / 4) });
      for (let block = 0; block < rect.width * rect.height; block += 1) {
        const left = (block % rect.width) * 4;
        const top = Math.floor(block / rect.width) * 4;
        const members: number[] = [];
        for (let row = top; row < Math.min(height, top + 4); row += 1) {
          for (let column = left; column < Math.min(width, left + 4); column += 1) {
            members.push(words[(y + row) * 14 + x + column] as number);
          }
        }
        for (const shift of channels) {
          const sum = members.reduce((total, word) => total + ((word >>> shift) & 0xff), 0);
          const expected = Math.floor((sum + (members.length >> 1)) / members.length);
          expect(((plane.pixels[block] as number) >>> shift) & 0xff).toBe(expected);
        }
      }
    }),
  );
});
