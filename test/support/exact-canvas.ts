import { decodeTile } from "../../src/codecs/tile/index.ts";
import { copySource, type Picture, readTiles, type Tile } from "../../src/protocol/index.ts";

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const OPAQUE = 0xff000000;
const COARSE_BLOCK = 4;

/** A viewer's picture as far as it is exact: R G B A words, 0 where video or coarse tiles drew last. */
export class ExactCanvas {
  width = 0;
  height = 0;
  #words = new Uint32Array(0);

  /** Draws a picture that follows the last one. */
  draw(picture: Picture): void {
    this.#resize(picture);
    if (picture.kind !== "tiles") for (const rect of picture.rects) this.#fill(rect, 0);
    else for (const tile of readTiles(picture)) this.#drawTile(tile, picture);
  }

  /** Pixels whose exact colour is not known; Infinity before the first picture. */
  get inexactPixels(): number {
    if (this.#words.length === 0) return Number.POSITIVE_INFINITY;
    let count = 0;
    for (const word of this.#words) if (word >>> 24 !== 0xff) count += 1;
    return count;
  }

  /** How many pixels differ from a picture of R G B A words; all where sizes differ. */
  differingPixels(words: Uint32Array): number {
    if (words.length !== this.#words.length) return Math.max(words.length, this.#words.length);
    let count = 0;
    for (let at = 0; at < words.length; at += 1) if (words[at] !== this.#words[at]) count += 1;
    return count;
  }

  #drawTile(tile: Tile, picture: Picture): void {
    const { rect, encoding, body } = tile;
    if (encoding === "lossless") decodeTile(body, { pixels: this.#words, strideWords: this.width }, rect);
    else if (encoding === "copy") this.#move(copySource(tile, picture), rect);
    else {
      const size = { width: Math.ceil(rect.width / COARSE_BLOCK), height: Math.ceil(rect.height / COARSE_BLOCK) };
      const plane = { pixels: new Uint32Array(size.width * size.height), strideWords: size.width };
      decodeTile(body, plane, { x: 0, y: 0, ...size });
      this.#fill(rect, 0);
    }
  }

  #move(from: Box, to: { readonly x: number; readonly y: number }): void {
    const rows: Uint32Array[] = [];
    for (let y = 0; y < from.height; y += 1) {
      const start = (from.y + y) * this.width + from.x;
      rows.push(this.#words.slice(start, start + from.width));
    }
    for (const [y, row] of rows.entries()) this.#words.set(row, (to.y + y) * this.width + to.x);
  }

  #fill({ x, y, width, height }: Box, word: number): void {
    for (let row = y; row < y + height; row += 1) {
      const start = row * this.width + x;
      this.#words.fill(word, start, start + width);
    }
  }

  #resize({ width, height }: Picture): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.#words = new Uint32Array(width * height);
  }
}

/** The exact pixels of B G R X bytes as an {@link ExactCanvas} keeps them. */
export function canvasWords(bgrx: Uint8Array): Uint32Array {
  const words = new Uint32Array(bgrx.buffer, bgrx.byteOffset, bgrx.byteLength >> 2).slice();
  for (const [at, word] of words.entries()) {
    words[at] = (OPAQUE | ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff)) >>> 0;
  }
  return words;
}
