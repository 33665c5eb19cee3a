export { adjustTable } from "./adjust.ts";
export { type KeyProposal, proposeKey } from "./auto-key.ts";
export {
  type KeyedOutput,
  type KeyView,
  keyPlanar,
  keyRgba,
  type PlanarSource,
  type RgbaSource,
} from "./key-picture.ts";
export { drawMask } from "./mask.ts";
export {
  featherMatte,
  fillChromaMatte,
  fillLumaMatte,
  finishMatte,
  type Matte,
  matteSize,
  shrinkMatte,
} from "./matte.ts";
export { type Orientation, ROTATIONS, type Rotation, turnedSize, turnedSource, UPRIGHT } from "./orientation.ts";
export { keyTable } from "./response.ts";
export { fillRgbMatte } from "./rgb-matte.ts";
export {
  type ColorAdjust,
  DEFAULT_KEY,
  type KeySettings,
  MAX_EDGE_PIXELS,
  MAX_KEY_COLORS,
  MAX_MATTE_SHAPES,
  MAX_POLYGON_POINTS,
  type MatteShape,
  NO_ADJUST,
  type Rgb,
} from "./settings.ts";
