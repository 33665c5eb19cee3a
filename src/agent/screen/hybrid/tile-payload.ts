import { area, type Rect } from "../../../base/index.ts";
import { encodeTile, maxTileBytes, type PixelPlane } from "../../../codecs/tile/index.ts";
import { tileHeaderBytes, writeTileHeader } from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import { averageBlocks } from "./average-blocks.ts";
import type { Copy } from "./find-copy.ts";

const COPY_BYTES = 4;
const FIRST_BYTES = 1 << 20;

/** Writes the payload of one tiles picture after the other into memory that is kept and grows as needed. */
export class TilePayload {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #rects: Rect[] = [];

  /** The rectangles of the tiles so far, in order. */
  get rects(): readonly Rect[] {
    return this.#rects;
  }

  /** The payload so far; a view that the next `start` or `add` invalidates. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  start(): void {
    this.#length = 0;
    this.#rects = [];
  }

  addCopy({ from, to }: Copy): void {
    this.#reserve(tileHeaderBytes + COPY_BYTES);
    writeTileHeader(this.#bytes, this.#length, "copy", COPY_BYTES);
    const body = this.#length + tileHeaderBytes;
    this.#bytes.set([from.x, from.x >> 8, from.y, from.y >> 8], body);
    this.#length = body + COPY_BYTES;
    this.#rects.push(to);
  }

  /** Adds the rectangle losslessly and returns its bytes, or adds nothing and returns -1 when it takes over `maxBytes`. */
  addLossless(source: PixelBuffer, rect: Rect, maxBytes: number): number {
    const whole = maxTileBytes(rect.width * rect.height);
    this.#reserve(tileHeaderBytes + Math.min(whole, maxBytes + maxTileBytes(rect.width)));
    const body = this.#length + tileHeaderBytes;
    const end = encodeTile(planeOf(source), rect, this.#bytes, body, maxBytes);
    if (end < 0) return -1;
    writeTileHeader(this.#bytes, this.#length, "lossless", end - body);
    this.#length = end;
    this.#rects.push(rect);
    return end - body;
  }

  /** Adds the averages of the rectangle's 4x4 blocks. Returns their bytes, or -1 and adds nothing when over `maxBytes`. */
  addCoarse(source: PixelBuffer, rect: Rect, maxBytes: number): number {
    const blocks = averageBlocks(planeOf(source), rect);
    this.#reserve(
      tileHeaderBytes + Math.min(maxTileBytes(area(blocks.rect)), maxBytes + maxTileBytes(blocks.rect.width)),
    );
    const body = this.#length + tileHeaderBytes;
    const end = encodeTile(blocks.plane, blocks.rect, this.#bytes, body, maxBytes);
    if (end < 0) return -1;
    writeTileHeader(this.#bytes, this.#length, "coarse", end - body);
    this.#length = end;
    this.#rects.push(rect);
    return end - body;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function planeOf(source: PixelBuffer): PixelPlane {
  const { buffer, byteOffset, byteLength } = source.pixels;
  return { pixels: new Uint32Array(buffer, byteOffset, byteLength >> 2), strideWords: source.strideBytes >> 2 };
}
