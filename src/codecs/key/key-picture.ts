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

const OPAQUE = 0xff000000;
const { kr: RED, kb: BLUE } = matrixWeights("bt709");
const GREEN = 1 - RED - BLUE;

/**
 * Keys a 4:2:0 picture. Chroma is not interpolated; alpha is, linearly between the middles of the matte's 2x2 pixels.
 * Colour goes towards the luma of the video's own matrix where the matte's spill asks for it. This is what every engine
 * has to match.
 */
export function keyPlanar(source: PlanarSource, matte: Matte, output: KeyedOutput): void {
  const { planes, width, height, tables } = source;
  const { bytes, yStride, uOffset, vOffset, chromaStride, chromaStep } = planes;
  const { rv, gu, gv, bu } = tables;
  const { origin, stepX, stepY } = turnedSteps(source, output.orientation);
  const plain = output.view === "source";
  const corners = plain ? undefined : new Corners(matte);
  for (let row = 0; row < matte.height; row += 1) {
    corners?.startRow(row);
    let u = uOffset + row * chromaStride;
    let v = vOffset + row * chromaStride;
    const below = row * 2 + 1 < height;
    let from = row * 2 * yStride;
    let to = origin + row * 2 * stepY;
    for (let column = 0; column < matte.width; column += 1) {
      let red = rv[bytes[v] as number] as number;
      let green = (gu[bytes[u] as number] as number) + (gv[bytes[v] as number] as number);
      let blue = bu[bytes[u] as number] as number;
      u += chromaStep;
      v += chromaStep;
      // Packed alphas of the four pixels: top left, top right, bottom left, bottom right from the low byte on.
      const alphas = corners === undefined ? -1 : corners.next();
      if (corners !== undefined && corners.spill !== 255) {
        red = (red * corners.spill) / 255;
        green = (green * corners.spill) / 255;
        blue = (blue * corners.spill) / 255;
      }
      const right = column * 2 + 1 < width;
      shade(source, output, from, to, alphas & 255, red, green, blue);
      if (right) shade(source, output, from + 1, to + stepX, (alphas >> 8) & 255, red, green, blue);
      if (below) {
        shade(source, output, from + yStride, to + stepY, (alphas >> 16) & 255, red, green, blue);
        if (right) shade(source, output, from + yStride + 1, to + stepX + stepY, alphas >>> 24, red, green, blue);
      }
      from += 2;
      to += 2 * stepX;
    }
  }
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
  const plain = output.view === "source";
  const corners = plain ? undefined : new Corners(matte);
  for (let row = 0; row < matte.height; row += 1) {
    corners?.startRow(row);
    for (let column = 0; column < matte.width; column += 1) {
      const alphas = corners === undefined ? -1 : corners.next();
      const spill = corners === undefined ? 255 : corners.spill;
      for (let part = 0; part < 4; part += 1) {
        const [x, y] = [column * 2 + (part & 1), row * 2 + (part >> 1)];
        if (x >= width || y >= height) continue;
        const value = pixels[y * width + x] as number;
        const to = origin + x * stepX + y * stepY;
        shadeRgba(output, to, value, (alphas >>> (part * 8)) & 255, spill);
      }
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

/** Walks along the rows of a matte and gives the alphas of each entry's four pixels; beyond the edge the edge repeats. */
class Corners {
  readonly #alpha: Uint8Array;
  readonly #spill: Uint8Array;
  readonly #width: number;
  readonly #height: number;
  #above = 0;
  #here = 0;
  #below = 0;
  #at = 0;
  /** Spill of the entry that `next` returned last. */
  spill = 255;

  constructor({ alpha, spill, width, height }: Matte) {
    this.#alpha = alpha;
    this.#spill = spill;
    this.#width = width;
    this.#height = height;
  }

  startRow(row: number): void {
    this.#above = Math.max(0, row - 1) * this.#width;
    this.#here = row * this.#width;
    this.#below = Math.min(this.#height - 1, row + 1) * this.#width;
    this.#at = 0;
  }

  next(): number {
    const alpha = this.#alpha;
    const at = this.#at;
    const left = at === 0 ? 0 : at - 1;
    const right = at + 1 === this.#width ? at : at + 1;
    this.#at = at + 1;
    this.spill = this.#spill[this.#here + at] as number;
    const c = alpha[this.#here + at] as number;
    const t = alpha[this.#above + at] as number;
    const b = alpha[this.#below + at] as number;
    const l = alpha[this.#here + left] as number;
    const r = alpha[this.#here + right] as number;
    const tl = alpha[this.#above + left] as number;
    const tr = alpha[this.#above + right] as number;
    const bl = alpha[this.#below + left] as number;
    const br = alpha[this.#below + right] as number;
    if (c === t && c === b && c === l && c === r && c === tl && c === tr && c === bl && c === br) {
      return Math.imul(c, 0x01010101);
    }
    const nine = 9 * c + 8;
    return (
      ((nine + 3 * (t + l) + tl) >> 4) |
      (((nine + 3 * (t + r) + tr) >> 4) << 8) |
      (((nine + 3 * (b + l) + bl) >> 4) << 16) |
      (((nine + 3 * (b + r) + br) >> 4) << 24)
    );
  }
}
