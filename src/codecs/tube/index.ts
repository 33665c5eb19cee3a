export { type CloseReason, type CloseReasonInfo, closeReasonOf, closeReasons } from "./close-reason.ts";
export { ControlCode, type ControlMessage, type SocketAddress } from "./control.ts";
export { decodeControl } from "./control-decode.ts";
export { encodeControl, encodeControlFrame } from "./control-encode.ts";
export {
  CONTROL_CONNECTION,
  encodeTubeFrame,
  MAX_RECEIVED_PAYLOAD_BYTES,
  MAX_SENT_PAYLOAD_BYTES,
  MAX_TUBE_MESSAGE_BYTES,
  sealTubeFrame,
  TUBE_HEADER_BYTES,
  TUBE_OVERHEAD_BYTES,
} from "./frame.ts";
export { type TubeFrame, TubeFrameReader } from "./frame-reader.ts";
export {
  decodeSealedTarget,
  decodeSocksTarget,
  decodeUdpRequest,
  encodeSealedTarget,
  encodeSocksTarget,
  encodeUdpRequest,
  type SealedTarget,
  type SocksTarget,
  type UdpRequest,
} from "./open-data.ts";
