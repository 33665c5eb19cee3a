import { ProtocolError, type Rect } from "../base/index.ts";
import type { Picture } from "./picture.ts";

/**
 * How the pixels of one rectangle of a tiles picture are given:
 *
 * - `lossless`: the body is in the lossless tile format (docs/protocol.md, Tiles);
 * - `copy`: the body is u16 x, u16 y (little-endian): the rectangle of the same size there, as it was when the tiles before
 *   this one were drawn, moves here; the two may overlap;
 * - `coarse`: the body is a lossless tile of ceil(width / 4) x ceil(height / 4) pixels, each the colour of a 4x4 block.
 */
export type TileEncoding = "lossless" | "copy" | "coarse";

/** One rectangle of a tiles picture; `body` is a view of the picture's payload. */
export type Tile = { readonly rect: Rect; readonly encoding: TileEncoding; readonly body: Uint8Array };

const ENCODINGS: readonly TileEncoding[] = ["lossless", "copy", "coarse"];
const TILE_HEADER_BYTES = 5;
const COPY_BYTES = 4;

/** Bytes in front of each tile's body. */
export const tileHeaderBytes = TILE_HEADER_BYTES;

/** Writes the header of a tile: u8 encoding (0 lossless, 1 copy, 2 coarse), u32 little-endian length of the body. */
export function writeTileHeader(target: Uint8Array, offset: number, encoding: TileEncoding, bodyBytes: number): void {
  target[offset] = ENCODINGS.indexOf(encoding);
  target[offset + 1] = bodyBytes;
  target[offset + 2] = bodyBytes >>> 8;
  target[offset + 3] = bodyBytes >>> 16;
  target[offset + 4] = bodyBytes >>> 24;
}

/** The tiles of a tiles picture, one for each of its rectangles, in drawing order. Throws {@link ProtocolError}. */
export function readTiles(picture: Picture): Tile[] {
  if (picture.kind !== "tiles") throw new TypeError(`A ${picture.kind} picture has no tiles.`);
  const { payload } = picture;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let offset = 0;
  const tiles = picture.rects.map((rect) => {
    if (offset + TILE_HEADER_BYTES > payload.byteLength) throw truncated(payload);
    const encoding = ENCODINGS[view.getUint8(offset)];
    const bodyBytes = view.getUint32(offset + 1, true);
    const start = offset + TILE_HEADER_BYTES;
    if (encoding === undefined) throw new ProtocolError("unknown-type", `A tile has the encoding ${payload[offset]}.`);
    if (start + bodyBytes > payload.byteLength) throw truncated(payload);
    offset = start + bodyBytes;
    const tile = { rect, encoding, body: payload.subarray(start, offset) };
    if (encoding === "copy") copySource(tile, picture);
    return tile;
  });
  if (offset !== payload.byteLength) {
    throw new ProtocolError(
      "malformed",
      `A tiles picture has ${payload.byteLength - offset} bytes after its last tile.`,
    );
  }
  return tiles;
}

/** Where a copy tile takes its pixels from. Throws {@link ProtocolError} when that is not inside the picture. */
export function copySource(tile: Tile, picture: { readonly width: number; readonly height: number }): Rect {
  if (tile.body.byteLength !== COPY_BYTES) {
    throw new ProtocolError("malformed", `A copy has ${tile.body.byteLength} bytes instead of ${COPY_BYTES}.`);
  }
  const [a = 0, b = 0, c = 0, d = 0] = tile.body;
  const { width, height } = tile.rect;
  const source = { x: a | (b << 8), y: c | (d << 8), width, height };
  if (source.x + width > picture.width || source.y + height > picture.height) {
    throw new ProtocolError(
      "malformed",
      `A copy of ${width}x${height} from ${source.x},${source.y} leaves the picture.`,
    );
  }
  return source;
}

function truncated(payload: Uint8Array): ProtocolError {
  return new ProtocolError("truncated", `A tiles picture of ${payload.byteLength} bytes ends inside a tile.`);
}
