import { expect, it } from "vitest";
import { convertYuv, type YuvPlanes, yuvTables } from "./yuv.ts";

/** ITU-R BT.709, limited range, in floating point. */
function exact(y: number, u: number, v: number): number[] {
  const luma = (y - 16) * (255 / 219);
  const [cb, cr] = [(u - 128) * (255 / 224), (v - 128) * (255 / 224)];
  const rgb = [luma + 1.5748 * cr, luma - 0.187324 * cb - 0.468124 * cr, luma + 1.8556 * cb];
  return rgb.map((value) => Math.round(Math.min(255, Math.max(0, value))));
}

it("is within one of the exact conversion for all values", () => {
  const tables = yuvTables("bt709", false);
  const out = new Uint32Array(2);
  const bytes = new Uint8Array(4);
  const planes: YuvPlanes = { bytes, yStride: 2, uOffset: 2, vOffset: 3, chromaStride: 1, chromaStep: 1 };
  for (let y = 0; y < 256; y += 5) {
    for (let u = 0; u < 256; u += 5) {
      for (let v = 0; v < 256; v += 5) {
        bytes.set([y, 255 - y, u, v]);
        convertYuv(planes, 2, 1, tables, out);
        const got = new Uint8Array(out.buffer);
        for (const [at, value] of [...exact(y, u, v), 255, ...exact(255 - y, u, v), 255].entries()) {
          if (Math.abs((got[at] as number) - value) > 1) expect.fail(`${y} ${u} ${v}: ${got} is not ${value}`);
        }
      }
    }
  }
});

it("reads planar and interleaved chroma, and odd sizes", () => {
  const tables = yuvTables("bt601", true);
  const luma = [10, 20, 30, 40, 50, 60, 70, 80, 90];
  const planar: YuvPlanes = {
    bytes: Uint8Array.from([...luma, 100, 150, 128, 90, 128, 60, 200, 128]),
    yStride: 3,
    uOffset: 9,
    vOffset: 13,
    chromaStride: 2,
    chromaStep: 1,
  };
  const interleaved: YuvPlanes = {
    bytes: Uint8Array.from([...luma, 100, 128, 150, 60, 128, 200, 90, 128]),
    yStride: 3,
    uOffset: 9,
    vOffset: 10,
    chromaStride: 4,
    chromaStep: 2,
  };
  const [a, b] = [new Uint32Array(9), new Uint32Array(9)];
  convertYuv(planar, 3, 3, tables, a);
  convertYuv(interleaved, 3, 3, tables, b);
  expect(b).toEqual(a);
  // U below the middle takes blue away; the third column has U 150 and V 60: more blue, less red than its luma.
  const third = new Uint8Array(a.buffer, 2 * 4, 3);
  expect(third[0]).toBe(0);
  expect(third[2]).toBeGreaterThan(30);
});
