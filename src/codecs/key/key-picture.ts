import { matrixWeights, YUV_CLAMP, YUV_SHIFT, type YuvPlanes, type YuvTables } from "../yuv/index.ts";
import type { Matte } from "./matte.ts";
import { type Orientation, turnedSteps } from "./orientation.ts";

/** `result` is the keyed picture, `matte` its alpha as grey, `source` the picture unkeyed. */
export type KeyView = "result" | "matte" | "source";

export type KeyedOutput = {
  readonly view: KeyView;
  readonly orientation: Orientation;
  /** From `adjustTable`. */
  readonly adjust: Uint8Array | undefined;
  /** Pixels 0xAABBGGRR (bytes R G B A, not premultiplied) of the turned picture. */
  readonly out: Uint32Array;
};

export type PlanarSource = {
  readonly planes: YuvPlanes;
  readonly width: number;
  readonly height: number;
  readonly tables: YuvTables;
  /** Alpha of the video itself: where its plane starts, with `yStride`. */
  readonly alphaOffset?: number | undefined;
};

const OPAQUE = 0xff000000 | 0;
const { kr: RED, kb: BLUE } = matrixWeights("bt709");
const GREEN = 1 - RED - BLUE;

/**
 * Keys a 4:2:0 picture. Chroma is not interpolated; alpha is, linearly between the middles of the matte's 2x2 pixels.
 * Colour goes towards the luma of the video's own matrix where the matte's spill asks for it. This is what every engine
 * has to match.
 */
export function keyPlanar(source: PlanarSource, matte: Matte, output: KeyedOutput): void {
  const { width, height, alphaOffset } = source;
  const isPlain = output.view === "result" && output.adjust === undefined && alphaOffset === undefined;
  if (isPlain && width % 2 === 0 && height % 2 === 0) {
    for (let row = 0; row < matte.height; row += 1) keyRow(source, matte, output, row);
    return;
  }
  const { bytes, uOffset, vOffset, chromaStride, chromaStep } = source.planes;
  const { rv, gu, gv, bu } = source.tables;
  const { origin, stepX, stepY } = turnedSteps(source, output.orientation);
  const corners = output.view === "source" ? undefined : new Corners(matte);
  for (let y = 0; y < height; y += 1) {
    const row = y >> 1;
    for (let x = 0; x < width; x += 1) {
      const column = x >> 1;
      const chroma = row * chromaStride + column * chromaStep;
      const u = bytes[uOffset + chroma] as number;
      const v = bytes[vOffset + chroma] as number;
      const spill = corners === undefined ? 255 : (matte.spill[row * matte.width + column] as number);
      const red = ((rv[v] as number) * spill) / 255;
      const green = (((gu[u] as number) + (gv[v] as number)) * spill) / 255;
      const blue = ((bu[u] as number) * spill) / 255;
      const alpha = corners === undefined ? 255 : corners.alphaAt(x, y);
      const from = y * source.planes.yStride + x;
      shade(source, output, from, origin + x * stepX + y * stepY, alpha, red, green, blue);
    }
  }
}

/**
 * Two rows of the usual case: nothing but the key. One long loop on local values, because this is where a machine without
 * a GPU spends its time.
 */
function keyRow(source: PlanarSource, matte: Matte, { orientation, out }: KeyedOutput, row: number): void {
  const { bytes, yStride, uOffset, vOffset, chromaStride, chromaStep } = source.planes;
  const { y: yTable, rv, gu, gv, bu } = source.tables;
  const { origin, stepX, stepY } = turnedSteps(source, orientation);
  const { alpha, spill, width } = matte;
  const up = row === 0 ? 0 : width;
  const down = row === matte.height - 1 ? 0 : width;
  const last = (row + 1) * width - 1;
  let from = row * 2 * yStride;
  let u = uOffset + row * chromaStride;
  let v = vOffset + row * chromaStride;
  let to = origin + row * 2 * stepY;
  // The nine entries around the present one: left, centre and right of three rows. Beyond the edge the edge repeats.
  let c = alpha[row * width] as number;
  let ct = alpha[row * width - up] as number;
  let cb = alpha[row * width + down] as number;
  let [l, lt, lb] = [c, ct, cb];
  for (let at = row * width; at <= last; at += 1, from += 2, u += chromaStep, v += chromaStep, to += 2 * stepX) {
    const next = at === last ? at : at + 1;
    const r = alpha[next] as number;
    const rt = alpha[next - up] as number;
    const rb = alpha[next + down] as number;
    let first = c << 24;
    let second = first;
    let third = first;
    let fourth = first;
    if (l !== c || r !== c || lt !== c || ct !== c || rt !== c || lb !== c || cb !== c || rb !== c) {
      const nine = 9 * c + 8;
      first = ((nine + 3 * (ct + l) + lt) >> 4) << 24;
      second = ((nine + 3 * (ct + r) + rt) >> 4) << 24;
      third = ((nine + 3 * (cb + l) + lb) >> 4) << 24;
      fourth = ((nine + 3 * (cb + r) + rb) >> 4) << 24;
    }
    l = c;
    lt = ct;
    lb = cb;
    c = r;
    ct = rt;
    cb = rb;
    const below = to + stepY;
    if ((first | second | third | fourth) === 0) {
      clearBlock(out, to, below, stepX);
      continue;
    }
    const keep = spill[at] as number;
    let red = rv[bytes[v] as number] as number;
    let green = ((gu[bytes[u] as number] as number) + (gv[bytes[v] as number] as number)) | 0;
    let blue = bu[bytes[u] as number] as number;
    if (keep !== 255) {
      red = ((red * keep) / 255) | 0;
      green = ((green * keep) / 255) | 0;
      blue = ((blue * keep) / 255) | 0;
    }
    out[to] = first | pack(yTable[bytes[from] as number] as number, red, green, blue);
    out[to + stepX] = second | pack(yTable[bytes[from + 1] as number] as number, red, green, blue);
    out[below] = third | pack(yTable[bytes[from + yStride] as number] as number, red, green, blue);
    out[below + stepX] = fourth | pack(yTable[bytes[from + yStride + 1] as number] as number, red, green, blue);
  }
}

function pack(luma: number, red: number, green: number, blue: number): number {
  return (
    ((YUV_CLAMP[(luma + blue) >> YUV_SHIFT] as number) << 16) |
    ((YUV_CLAMP[(luma + green) >> YUV_SHIFT] as number) << 8) |
    (YUV_CLAMP[(luma + red) >> YUV_SHIFT] as number)
  );
}

function clearBlock(out: Uint32Array, to: number, below: number, stepX: number): void {
  out[to] = 0;
  out[to + stepX] = 0;
  out[below] = 0;
  out[below + stepX] = 0;
}

function shade(
  source: PlanarSource,
  output: KeyedOutput,
  from: number,
  to: number,
  alpha: number,
  red: number,
  green: number,
  blue: number,
): void {
  const { bytes } = source.planes;
  const own = source.alphaOffset === undefined ? 255 : (bytes[source.alphaOffset + from] as number);
  const luma = source.tables.y[bytes[from] as number] as number;
  write(
    output,
    to,
    own === 255 ? alpha : ((alpha * own + 127) / 255) | 0,
    YUV_CLAMP[(luma + red) >> YUV_SHIFT] as number,
    YUV_CLAMP[(luma + green) >> YUV_SHIFT] as number,
    YUV_CLAMP[(luma + blue) >> YUV_SHIFT] as number,
  );
}

function write(output: KeyedOutput, to: number, alpha: number, red: number, green: number, blue: number): void {
  const { adjust, out, view } = output;
  if (view === "matte") out[to] = OPAQUE | (alpha << 16) | (alpha << 8) | alpha;
  else if (adjust === undefined) out[to] = (alpha << 24) | (blue << 16) | (green << 8) | red;
  else {
    const [r, g, b] = [adjust[red] as number, adjust[green] as number, adjust[blue] as number];
    out[to] = (alpha << 24) | (b << 16) | (g << 8) | r;
  }
}

/** A picture of red, green, blue and alpha bytes, straight alpha. Its colour is not subsampled, only its matte is. */
export type RgbaSource = { readonly pixels: Uint32Array; readonly width: number; readonly height: number };

/** Keys a picture that is no 4:2:0 video, such as an image. Its luma is that of BT.709. */
export function keyRgba(source: RgbaSource, matte: Matte, output: KeyedOutput): void {
  const { pixels, width, height } = source;
  const { origin, stepX, stepY } = turnedSteps(source, output.orientation);
  const corners = output.view === "source" ? undefined : new Corners(matte);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const spill = corners === undefined ? 255 : (matte.spill[(y >> 1) * matte.width + (x >> 1)] as number);
      const alpha = corners === undefined ? 255 : corners.alphaAt(x, y);
      shadeRgba(output, origin + x * stepX + y * stepY, pixels[at] as number, alpha, spill);
    }
  }
}

function shadeRgba(output: KeyedOutput, to: number, value: number, alpha: number, spill: number): void {
  let red = value & 255;
  let green = (value >> 8) & 255;
  let blue = (value >> 16) & 255;
  const own = value >>> 24;
  if (spill !== 255) {
    const luma = RED * red + GREEN * green + BLUE * blue;
    red = Math.round(luma + ((red - luma) * spill) / 255);
    green = Math.round(luma + ((green - luma) * spill) / 255);
    blue = Math.round(luma + ((blue - luma) * spill) / 255);
  }
  write(output, to, own === 255 ? alpha : ((alpha * own + 127) / 255) | 0, red, green, blue);
}

/** The alpha of each pixel between the entries of a matte. Beyond the edge the edge repeats. */
class Corners {
  readonly #matte: Matte;

  constructor(matte: Matte) {
    this.#matte = matte;
  }

  alphaAt(x: number, y: number): number {
    const { alpha, width, height } = this.#matte;
    const column = x >> 1;
    const row = y >> 1;
    const beside = Math.min(width - 1, Math.max(0, column + (x % 2 === 0 ? -1 : 1)));
    const beyond = Math.min(height - 1, Math.max(0, row + (y % 2 === 0 ? -1 : 1)));
    const centre = alpha[row * width + column] as number;
    const sides = (alpha[row * width + beside] as number) + (alpha[beyond * width + column] as number);
    return (9 * centre + 3 * sides + (alpha[beyond * width + beside] as number) + 8) >> 4;
  }
}
