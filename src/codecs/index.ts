export {
  avcCodecString,
  hasBidirectionalSlices,
  type LowDelayAccessUnit,
  NalType,
  type NalUnit,
  nalUnits,
  parseSps,
  rewriteAccessUnit,
  type Sps,
  smallestLevel,
  spsPictureSize,
} from "./h264/index.ts";
