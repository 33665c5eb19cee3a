import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { yuvTables } from "./yuv.ts";
import { openYuvConverter, PlainYuvConverter, VectorYuvConverter, type YuvConverter } from "./yuv-converter.ts";

afterEach(() => vi.unstubAllGlobals());

const picture = fc.record({
  width: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 9 }),
  start: fc.integer({ min: 0, max: 40 }),
  chromaStep: fc.constantFrom(1, 2),
  matrix: fc.constantFrom("bt601", "bt709", "bt2020"),
  fullRange: fc.boolean(),
  to: fc.integer({ min: 0, max: 30 }),
  seed: fc.integer(),
});
type PictureValues = typeof picture extends fc.Arbitrary<infer Values> ? Values : never;

/** What a converter makes of random bytes, with what else stands in its output. */
function convertWith(converter: YuvConverter, values: PictureValues): number[] {
  const { width, height, start, chromaStep, matrix, fullRange, to, seed } = values;
  const chromaStride = Math.ceil(width / 2) * chromaStep;
  const chromaBytes = chromaStride * Math.ceil(height / 2);
  const uOffset = width * height;
  const vOffset = uOffset + (chromaStep === 2 ? 1 : chromaBytes);
  const inputBytes = start + uOffset + (chromaStep === 2 ? chromaBytes : 2 * chromaBytes);
  const pixels = to + width * height + 5;
  converter.reserve(inputBytes, pixels);
  let state = seed;
  for (let at = 0; at < inputBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    converter.input[at] = state >>> 24;
  }
  converter.output.fill(7, 0, pixels);
  const places = { start, yStride: width, uOffset, vOffset, chromaStride, chromaStep: chromaStep as 1 | 2 };
  converter.convert(places, width, height, yuvTables(matrix, fullRange), to);
  return Array.from(converter.output.subarray(0, pixels));
}

it("makes the same pixels sixteen at a time as one pair after the other, and touches no others", () => {
  // Kept, so that their memory is used again for pictures of other sizes.
  const [vector, plain] = [new VectorYuvConverter(), new PlainYuvConverter()];
  fc.assert(
    fc.property(picture, (values) => {
      const pixels = convertWith(vector, values);
      expect(pixels).toEqual(convertWith(plain, values));
      expect(pixels.slice(0, values.to)).toEqual(Array(values.to).fill(7));
      expect(pixels.slice(-5)).toEqual(Array(5).fill(7));
    }),
    { numRuns: 300 },
  );
});

it("has room for large pictures after small ones", () => {
  const converter = new VectorYuvConverter();
  for (const [width, height] of [
    [16, 16],
    [1920, 1080],
    [64, 64],
  ] as const) {
    converter.reserve((width * height * 3) / 2, width * height);
    const chroma = { uOffset: width * height, vOffset: (width * height * 5) / 4, chromaStride: width / 2 };
    converter.input.fill(235, 0, width * height).fill(128, width * height, (width * height * 3) / 2);
    const places = { start: 0, yStride: width, ...chroma, chromaStep: 1 } as const;
    converter.convert(places, width, height, yuvTables("bt709", false), 0);
    expect(converter.output.subarray(0, width * height).every((pixel) => pixel === 0xffffffff)).toBe(true);
  }
});

it("is plain JavaScript where WebAssembly is missing or forbidden", () => {
  expect(openYuvConverter()).toBeInstanceOf(VectorYuvConverter);
  // As a content security policy without 'wasm-unsafe-eval' does.
  vi.stubGlobal("WebAssembly", {
    ...{ Module: WebAssembly.Module, Memory: WebAssembly.Memory },
    Instance: class {
      constructor() {
        throw new WebAssembly.CompileError("violates the Content Security policy");
      }
    },
  });
  expect(openYuvConverter()).toBeInstanceOf(PlainYuvConverter);
  vi.stubGlobal("WebAssembly", undefined);
  expect(openYuvConverter()).toBeInstanceOf(PlainYuvConverter);
});
