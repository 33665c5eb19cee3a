export { type Ack, decodeAck, encodeAck } from "./ack.ts";
export { type AgentCommand, parseAgentCommand } from "./agent-commands.ts";
export {
  type AgentMessage,
  type AgentSource,
  type Performance,
  parseAgentMessage,
  type SentPixels,
} from "./agent-messages.ts";
export {
  type Camera,
  type CameraCredentials,
  type CameraDelivery,
  type CameraHealth,
  type CameraReport,
  type CameraSource,
  cameraCredentialsSchema,
  cameraDeliverySchema,
  cameraHealthSchema,
  cameraIdSchema,
  cameraSchema,
} from "./camera.ts";
export { fillUrlCredentials, splitSourceCredentials, splitUrlCredentials } from "./camera-url.ts";
export { CloseCode, closeCodeOf } from "./close-code.ts";
export type { Codec } from "./control.ts";
export { type Cursor, decodeCursor, encodeCursor } from "./cursor.ts";
export {
  type EventRequest,
  type HubEvent,
  type MotionEvent,
  motionEventSchema,
  parseEventRequest,
  parseHubEvent,
} from "./event-messages.ts";
export { type Grant, grantSchema, type HubMessage, parseHubMessage, type SourceInfo } from "./hub-messages.ts";
export {
  decodeInput,
  encodeInput,
  type HeldKeysInput,
  type Input,
  isInputType,
  type KeyInput,
  Modifier,
  PointerButton,
  type PointerInput,
  stampInputViewer,
  type WheelInput,
} from "./input.ts";
export { keyUsages, usageFromCode } from "./key-usage.ts";
export {
  MAX_CONTROL_BYTES,
  MAX_CURSOR_EDGE,
  MAX_DIMENSION,
  MAX_HELD_KEYS,
  MAX_INPUT_BYTES,
  MAX_MEDIA_BYTES,
  MAX_PICTURE_RECTS,
  MAX_TEXT_LENGTH,
  PROTOCOL_VERSION,
} from "./limits.ts";
export { MessageType, messageType } from "./message-type.ts";
export {
  type MotionBox,
  type MotionReport,
  type MotionSettings,
  type MotionView,
  type MotionZone,
  motionSettingsSchema,
} from "./motion.ts";
export {
  decodePicture,
  encodePicture,
  isPictureType,
  type Picture,
  type PictureHeader,
  type PictureKind,
  type PictureRoute,
  pictureHeaderBytes,
  readPictureRoute,
  stampHubTime,
  stampSendDelay,
  writePictureHeader,
} from "./picture.ts";
export {
  ENCODER_PRESETS,
  type RungBudget,
  rungBudgetSchema,
  STREAM_PRESETS,
  type StreamPreset,
  type StreamSettings,
  streamSettingsSchema,
} from "./stream-settings.ts";
export {
  encodeTerminalData,
  encodeTerminalMessage,
  MAX_TERMINAL_PIECE_BYTES,
  parseTerminalInput,
  parseTerminalNotice,
  type TerminalInput,
  type TerminalNotice,
  TerminalReader,
} from "./terminal.ts";
export { type ShortStage, type Tier, type TierState, tierSchema } from "./tier.ts";
export { copySource, readTiles, type Tile, type TileEncoding, tileHeaderBytes, writeTileHeader } from "./tiles.ts";
export { TUBE_SUBPROTOCOL, type TubeSignal, tubeSignalSchema } from "./tube-signal.ts";
export {
  GUACAMOLE_PORTS,
  type GuacamoleProtocol,
  type GuacamoleRequest,
  guacamoleProtocolSchema,
  guacamoleRequestSchema,
  type MachineList,
  machineListSchema,
  type OfferedMachine,
  type SshRequest,
  sshRequestSchema,
  TunnelService,
} from "./tunnel-services.ts";
export { parseViewerMessage, type ViewerMessage } from "./viewer-messages.ts";
