import type { LegacySource } from "./pixels.ts";

const RECORD_BYTES = 5;
const MAX_RUN = 255;

/**
 * Writes the picture as run-length records (u8 count, R, G, B, A) from `offset` on and returns where they end; -1, with
 * some of them written, when they take more than `maxBytes`. Runs go on over the ends of rows and never past the end of
 * the picture, where the client would discard them.
 *
 * A record of no pixels comes first: who reads the payload as a delta instead, because it has a picture already, finds an
 * empty one. `target` needs room for {@link maxRleBytes}, or for `maxBytes` and one row's records.
 */
export function encodeRle(source: LegacySource, target: Uint8Array, offset: number, maxBytes: number): number {
  const { pixels, strideWords, width, height } = source;
  target.fill(0, offset, offset + RECORD_BYTES);
  let out = offset + RECORD_BYTES;
  let colour = (pixels[0] as number) & 0xffffff;
  let run = 0;
  for (let y = 0; y < height; y += 1) {
    if (out - offset > maxBytes) return -1;
    for (let at = y * strideWords, end = at + width; at < end; at += 1) {
      const next = (pixels[at] as number) & 0xffffff;
      if (next === colour && run < MAX_RUN) {
        run += 1;
        continue;
      }
      out = putRecord(target, out, run, colour);
      colour = next;
      run = 1;
    }
  }
  out = putRecord(target, out, run, colour);
  return out - offset > maxBytes ? -1 : out;
}

/** Most bytes that {@link encodeRle} writes for so many pixels. */
export function maxRleBytes(pixels: number): number {
  return (pixels + 2) * RECORD_BYTES;
}

function putRecord(target: Uint8Array, out: number, run: number, colour: number): number {
  target[out] = run;
  target[out + 1] = colour >>> 16;
  target[out + 2] = colour >>> 8;
  target[out + 3] = colour;
  target[out + 4] = 0xff;
  return out + RECORD_BYTES;
}
