import type { Rect } from "../../base/index.ts";
import { decodeTile } from "../../codecs/tile/index.ts";
import { copySource, type Picture, readTiles, type Tile } from "../../protocol/index.ts";
import type { DecodedTiles, TileOperation } from "./decoder.ts";

const COARSE_BLOCK = 4;

/** Decodes a tiles picture at once. Throws `ProtocolError` on anything that breaks the format. */
export function decodeTiles(picture: Picture, receivedUs: number, nowUs: () => number): DecodedTiles {
  const startedUs = nowUs();
  const operations = readTiles(picture).map((tile) => operationOf(tile, picture));
  return { kind: "tiles", picture, operations, receivedUs, decodeUs: nowUs() - startedUs };
}

function operationOf(tile: Tile, picture: Picture): TileOperation {
  const { rect, body } = tile;
  if (tile.encoding === "copy") return { kind: "move", from: copySource(tile, picture), to: rect };
  if (tile.encoding === "lossless") return { kind: "put", rect, pixels: bytesOf(decodePixels(body, rect)) };
  const width = Math.ceil(rect.width / COARSE_BLOCK);
  const blocks = decodePixels(body, { width, height: Math.ceil(rect.height / COARSE_BLOCK) });
  return { kind: "put", rect, pixels: bytesOf(spreadBlocks(blocks, width, rect)) };
}

function decodePixels(
  body: Uint8Array,
  { width, height }: { width: number; height: number },
): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(width * height);
  decodeTile(body, { pixels, strideWords: width }, { x: 0, y: 0, width, height });
  return pixels;
}

/** Each pixel of the coarse picture becomes a block; blocks on the right and lower edge are cut. */
function spreadBlocks(blocks: Uint32Array, blocksPerRow: number, rect: Rect): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(rect.width * rect.height);
  for (let y = 0; y < rect.height; y += 1) {
    const row = y * rect.width;
    if (y % COARSE_BLOCK !== 0) {
      pixels.copyWithin(row, row - rect.width, row);
      continue;
    }
    const blockRow = (y / COARSE_BLOCK) * blocksPerRow;
    for (let x = 0; x < rect.width; x += COARSE_BLOCK) {
      const end = Math.min(rect.width, x + COARSE_BLOCK);
      pixels.fill(blocks[blockRow + x / COARSE_BLOCK] as number, row + x, row + end);
    }
  }
  return pixels;
}

function bytesOf(pixels: Uint32Array<ArrayBuffer>): Uint8ClampedArray<ArrayBuffer> {
  return new Uint8ClampedArray(pixels.buffer);
}
