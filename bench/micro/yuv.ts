import { yuvTables } from "../../src/viewer/render/yuv.ts";
import { PlainYuvConverter, VectorYuvConverter, type YuvConverter } from "../../src/viewer/render/yuv-converter.ts";
import { cell, checksum, line, measureAll, type Row, verify } from "./measure.ts";

// What turning a frame of video into pixels costs a page without a GPU: pictures of noise, of which no two neighbours are
// alike, since JavaScript passes over those.
const SIZES = [
  [640, 360],
  [1920, 1080],
] as const;
const NS_PER_US = 1000;
const tables = yuvTables("bt709", false);

console.log(line("microseconds a frame, median (10th-90th percentile)", ["JavaScript", "WebAssembly", "ratio"]));
for (const [width, height] of SIZES) {
  const [plain, vector] = [new PlainYuvConverter(), new VectorYuvConverter()];
  const rows = [rowOf("plain", plain, width, height), rowOf("vector", vector, width, height)];
  for (const { run } of rows) run(1);
  verify("WebAssembly", hash(vector, width * height), hash(plain, width * height));
  const measured = measureAll(rows);
  const [slow, fast] = ["plain", "vector"].map((name) => {
    const { median, p10, p90 } = measured.get(name) ?? { median: 0, p10: 0, p90: 0 };
    return { median: median / NS_PER_US, p10: p10 / NS_PER_US, p90: p90 / NS_PER_US };
  });
  const ratio = ((slow?.median ?? 0) / (fast?.median ?? 1)).toFixed(1);
  console.log(line(`${width}x${height}`, [cell(slow), cell(fast), ratio]));
}
console.log(`checksum ${checksum()}`);

function rowOf(name: string, converter: YuvConverter, width: number, height: number): Row {
  const luma = width * height;
  converter.reserve((luma * 3) / 2, luma);
  let state = 1;
  for (let at = 0; at < (luma * 3) / 2; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    converter.input[at] = state >>> 24;
  }
  const places = { start: 0, yStride: width, uOffset: luma, vOffset: (luma * 5) / 4 } as const;
  const run = (count: number): number => {
    for (let at = 0; at < count; at += 1) {
      converter.convert({ ...places, chromaStride: width / 2, chromaStep: 1 }, width, height, tables, 0);
    }
    return converter.output[count % luma] as number;
  };
  return { name, run, slice: 1 };
}

function hash(converter: YuvConverter, pixels: number): number {
  return converter.output.subarray(0, pixels).reduce((sum, pixel) => Math.imul(sum ^ pixel, 0x01000193), 0x811c9dc5);
}
