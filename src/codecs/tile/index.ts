export { type CanvasPlane, decodeTile } from "./decode-tile.ts";
export { encodeTile, type PixelPlane } from "./encode-tile.ts";
export { maxTileBytes } from "./format.ts";
