export type { EncodedPicture, PictureEncoder } from "./encoder.ts";
export { type EncoderSwitch, type FailoverEncoder, openEncoder } from "./failover-encoder.ts";
export type { EncoderOptions } from "./first-encoder.ts";
export { FrameConverter } from "./frame-converter.ts";
export { H264_LADDER, type LadderEntry, ladderWithFault } from "./h264-ladder.ts";
export { pictureSize } from "./picture-size.ts";
export { type DecoderProbe, type EncoderProbe, probeDecoders, probeEncoders } from "./probe.ts";
