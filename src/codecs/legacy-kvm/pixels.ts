/** Pixels of a picture, one word each: 0x??RRGGBB (B G R X in memory), rows `strideWords` apart. */
export type LegacySource = {
  readonly pixels: Uint32Array;
  readonly strideWords: number;
  readonly width: number;
  readonly height: number;
};

/** A pixel as a word that lies in memory as R G B A, opaque. */
export function rgbaWord(pixel: number): number {
  return (((pixel & 0xff) << 16) | (pixel & 0xff00) | ((pixel >>> 16) & 0xff) | 0xff000000) >>> 0;
}

/** Writes every pixel as R G B A bytes from `offset` on. */
export function writeRgba(source: LegacySource, target: Uint8Array, offset: number): void {
  const { pixels, strideWords, width, height } = source;
  let at = offset;
  for (let y = 0; y < height; y += 1) {
    for (let from = y * strideWords, end = from + width; from < end; from += 1) {
      const pixel = pixels[from] as number;
      target[at] = pixel >>> 16;
      target[at + 1] = pixel >>> 8;
      target[at + 2] = pixel;
      target[at + 3] = 0xff;
      at += 4;
    }
  }
}

/** Writes every pixel as R G B bytes from `offset` on. */
export function writeRgb(source: LegacySource, target: Uint8Array, offset: number): void {
  const { pixels, strideWords, width, height } = source;
  let at = offset;
  for (let y = 0; y < height; y += 1) {
    for (let from = y * strideWords, end = from + width; from < end; from += 1) {
      const pixel = pixels[from] as number;
      target[at] = pixel >>> 16;
      target[at + 1] = pixel >>> 8;
      target[at + 2] = pixel;
      at += 3;
    }
  }
}

/**
 * The mean colour of every block of `edge` x `edge` pixels, truncated to whole numbers; blocks at the right and bottom may
 * be smaller. The result has a pixel for each block.
 */
export function averageBlocks(source: LegacySource, edge: number): LegacySource {
  const width = Math.ceil(source.width / edge);
  const height = Math.ceil(source.height / edge);
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      pixels[row * width + column] = mean(source, column * edge, row * edge, edge);
    }
  }
  return { pixels, strideWords: width, width, height };
}

function mean(source: LegacySource, x: number, y: number, edge: number): number {
  const right = Math.min(x + edge, source.width);
  const bottom = Math.min(y + edge, source.height);
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let row = y; row < bottom; row += 1) {
    for (let at = row * source.strideWords + x, end = at + right - x; at < end; at += 1) {
      const pixel = source.pixels[at] as number;
      red += (pixel >>> 16) & 0xff;
      green += (pixel >>> 8) & 0xff;
      blue += pixel & 0xff;
    }
  }
  const count = (right - x) * (bottom - y);
  return (Math.floor(red / count) << 16) | (Math.floor(green / count) << 8) | Math.floor(blue / count);
}

/** A picture of `edge` times the size, each pixel a block, cut to `width` x `height`: undoes the size of an average. */
export function enlarge(source: LegacySource, edge: number, width: number, height: number): LegacySource {
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = Math.floor(y / edge) * source.strideWords;
    for (let x = 0; x < width; x += 1) {
      pixels[y * width + x] = source.pixels[from + Math.floor(x / edge)] as number;
    }
  }
  return { pixels, strideWords: width, width, height };
}

/**
 * The picture in the middle of a black one of another size. One that is too large is made smaller by whole blocks, so that
 * every pixel is one of the source or a block's mean.
 */
export function letterbox(source: LegacySource, width: number, height: number): LegacySource {
  if (source.width === width && source.height === height) return source;
  const edge = Math.max(1, Math.ceil(source.width / width), Math.ceil(source.height / height));
  const inner = edge === 1 ? source : averageBlocks(source, edge);
  const left = Math.floor((width - inner.width) / 2);
  const top = Math.floor((height - inner.height) / 2);
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < inner.height; y += 1) {
    const from = y * inner.strideWords;
    pixels.set(inner.pixels.subarray(from, from + inner.width), (top + y) * width + left);
  }
  return { pixels, strideWords: width, width, height };
}
