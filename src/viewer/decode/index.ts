export { type CodecChoice, chooseCodecs } from "./codec-choice.ts";
export type { DecodedImage, DecodedPicture, DecodedTiles, PictureDecoder, TileOperation } from "./decoder.ts";
export { H264Decoder } from "./h264-decoder.ts";
export { JpegDecoder } from "./jpeg-decoder.ts";
export { KeyframeThrottle } from "./keyframe-throttle.ts";
export { isBefore, SequenceWatch } from "./sequence-watch.ts";
export { decodeTiles } from "./tile-decoder.ts";
