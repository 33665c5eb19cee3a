export { DELTA_COUNT_BYTES, DELTA_RECORD_BYTES, type DeltaLimits, DeltaState } from "./delta.ts";
export {
  isSeedKeyframe,
  JSON_FRAME,
  RGB_HEADER_BYTES,
  RGBA_HEADER_BYTES,
  SEED_HEADER_BYTES,
  writeRgbaHeader,
  writeRgbHeader,
  writeSeedHeader,
} from "./frame.ts";
export { averageBlocks, enlarge, type LegacySource, letterbox, writeRgb, writeRgba } from "./pixels.ts";
export { encodeRle, maxRleBytes } from "./rle.ts";
