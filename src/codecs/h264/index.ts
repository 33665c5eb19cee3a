export { smallestLevel } from "./level.ts";
export { type LowDelayAccessUnit, rewriteAccessUnit } from "./low-delay.ts";
export { NalType, type NalUnit, nalUnits } from "./nal.ts";
export { hasBidirectionalSlices } from "./slice.ts";
export { avcCodecString, parseSps, type Sps, spsPictureSize } from "./sps.ts";
