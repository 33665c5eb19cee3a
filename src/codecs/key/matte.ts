import type { YuvPlanes } from "../yuv/index.ts";

/** One entry for each 2x2 pixels of a picture, as chroma has. 255 in `alpha` stays, 255 in `spill` keeps its colour. */
export type Matte = {
  readonly width: number;
  readonly height: number;
  readonly alpha: Uint8Array<ArrayBuffer>;
  readonly spill: Uint8Array<ArrayBuffer>;
};

/** Size of the matte of a picture. */
export function matteSize(width: number, height: number): { readonly width: number; readonly height: number } {
  return { width: (width + 1) >> 1, height: (height + 1) >> 1 };
}

/** Looks the chroma of a 4:2:0 picture up in a key table. */
export function fillChromaMatte(planes: YuvPlanes, table: Uint16Array, matte: Matte): void {
  const { bytes, uOffset, vOffset, chromaStride, chromaStep } = planes;
  const { width, height, alpha, spill } = matte;
  for (let row = 0, at = 0; row < height; row += 1) {
    let u = uOffset + row * chromaStride;
    let v = vOffset + row * chromaStride;
    for (const end = at + width; at < end; at += 1, u += chromaStep, v += chromaStep) {
      const value = table[(bytes[u] as number) | ((bytes[v] as number) << 8)] as number;
      alpha[at] = value;
      spill[at] = value >> 8;
    }
  }
}

/** Looks the mean luma of each 2x2 pixels up in a key table; the last column and row of odd sizes count twice. */
export function fillLumaMatte(
  { bytes, yStride }: YuvPlanes,
  size: { readonly width: number; readonly height: number },
  table: Uint16Array,
  matte: Matte,
): void {
  matte.spill.fill(255);
  for (let row = 0, at = 0; row < matte.height; row += 1) {
    const upper = row * 2 * yStride;
    const lower = Math.min(row * 2 + 1, size.height - 1) * yStride;
    for (let left = 0; left < size.width; left += 2, at += 1) {
      const right = Math.min(left + 1, size.width - 1);
      const sum =
        (bytes[upper + left] as number) +
        (bytes[upper + right] as number) +
        (bytes[lower + left] as number) +
        (bytes[lower + right] as number);
      matte.alpha[at] = table[(sum + 2) >> 2] as number;
    }
  }
}

/** Gives each entry the least alpha within `radius` entries along both axes. */
export function shrinkMatte({ width, height, alpha }: Matte, radius: number, scratch: Uint8Array): void {
  if (radius <= 0) return;
  alongRows(alpha, scratch, { width, height }, (line, at) => least(line, at, radius));
  alongColumns(scratch, alpha, { width, height }, (line, at) => least(line, at, radius));
}

/** Gives each entry the mean alpha within `radius` entries along both axes, rounded after each axis. */
export function featherMatte({ width, height, alpha }: Matte, radius: number, scratch: Uint8Array): void {
  if (radius <= 0) return;
  alongRows(alpha, scratch, { width, height }, (line, at) => mean(line, at, radius));
  alongColumns(scratch, alpha, { width, height }, (line, at) => mean(line, at, radius));
}

/** Swaps and then cuts: `mask` is a garbage matte of the same size. */
export function finishMatte({ alpha }: Matte, invert: boolean, mask: Uint8Array | undefined): void {
  if (invert) for (let at = 0; at < alpha.length; at += 1) alpha[at] = 255 - (alpha[at] as number);
  if (mask === undefined) return;
  for (let at = 0; at < alpha.length; at += 1) alpha[at] = (alpha[at] as number) & (mask[at] as number);
}

type Size = { readonly width: number; readonly height: number };
type Pick = (line: Uint8Array, at: number) => number;

function alongRows(from: Uint8Array, to: Uint8Array, { width, height }: Size, pick: Pick): void {
  for (let row = 0; row < height; row += 1) {
    const line = from.subarray(row * width, (row + 1) * width);
    for (let at = 0; at < width; at += 1) to[row * width + at] = pick(line, at);
  }
}

function alongColumns(from: Uint8Array, to: Uint8Array, { width, height }: Size, pick: Pick): void {
  const line = new Uint8Array(height);
  for (let column = 0; column < width; column += 1) {
    for (let at = 0; at < height; at += 1) line[at] = from[at * width + column] as number;
    for (let at = 0; at < height; at += 1) to[at * width + column] = pick(line, at);
  }
}

function least(line: Uint8Array, at: number, radius: number): number {
  const end = Math.min(line.length - 1, at + radius);
  let value = 255;
  for (let i = Math.max(0, at - radius); i <= end; i += 1) value = Math.min(value, line[i] as number);
  return value;
}

/** The edge's entry counts for those beyond it. */
function mean(line: Uint8Array, at: number, radius: number): number {
  const last = line.length - 1;
  let sum = 0;
  for (let i = at - radius; i <= at + radius; i += 1) sum += line[Math.min(last, Math.max(0, i))] as number;
  return Math.floor(sum / (2 * radius + 1) + 0.5);
}
