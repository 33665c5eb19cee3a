export { type FlvAccessUnit, FlvReader, type FlvReaderOptions } from "./flv/index.ts";
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
export {
  type JpegPicture,
  JpegSplitter,
  type JpegSplitterOptions,
  jpegSize,
  MultipartSplitter,
  type MultipartSplitterOptions,
  multipartBoundary,
} from "./mjpeg/index.ts";
