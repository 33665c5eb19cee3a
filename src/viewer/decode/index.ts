export { type CodecChoice, chooseCodecs } from "./codec-choice.ts";
export type { DecodedPicture, PictureDecoder } from "./decoder.ts";
export { H264Decoder } from "./h264-decoder.ts";
export { JpegDecoder } from "./jpeg-decoder.ts";
export { KeyframeThrottle } from "./keyframe-throttle.ts";
export { SequenceWatch } from "./sequence-watch.ts";
