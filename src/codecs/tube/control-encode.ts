import { closeReasons } from "./close-reason.ts";
import { ControlCode, type ControlMessage } from "./control.ts";
import { CONTROL_CONNECTION, sealTubeFrame, TUBE_HEADER_BYTES } from "./frame.ts";
import { PayloadWriter } from "./payload-writer.ts";

/**
 * Writes a control message as a frame of connection 0 at `offset` of a kept buffer and returns the offset behind it.
 * Throws RangeError when it does not fit or a number is out of its field's range.
 */
export function encodeControlFrame(
  target: Uint8Array,
  offset: number,
  timestampMs: number,
  message: ControlMessage,
): number {
  const start = offset + TUBE_HEADER_BYTES;
  const end = encodeControl(target, start, message);
  return sealTubeFrame(target, offset, CONTROL_CONNECTION, timestampMs, end - start);
}

/** Writes the payload alone and returns the offset behind it. Throws RangeError like {@link encodeControlFrame}. */
export function encodeControl(target: Uint8Array, offset: number, message: ControlMessage): number {
  const writer = new PayloadWriter(target, offset);
  writer.uint16(codeOf[message.type]);
  switch (message.type) {
    case "ping":
    case "pong":
      return writer.uint32(message.connection).bytes(message.echo).offset;
    case "open-connection":
      return writer.uint32(message.connection).bytes(message.data).offset;
    case "close-connection":
      writer.uint32(message.connection).uint8(closeReasons[message.reason].code);
      return message.message === undefined ? writer.offset : writer.countedText(message.message, 2).offset;
    case "connection-opened":
    case "send-eof":
    case "udp-associate-closed":
      return writer.uint32(message.connection).offset;
    case "udp-associate":
    case "udp-associate-opened":
      return writer.uint32(message.connection).uint16(message.port).offset;
    case "udp-packet":
      return encodeUdpPacket(writer, message);
    case "metrics-request":
      return encodeMetricsRequest(writer, message);
    case "metrics-response":
    case "metrics-config":
      return writer.bytes(new TextEncoder().encode(message.json)).offset;
  }
}

const codeOf: Readonly<Record<ControlMessage["type"], number>> = {
  ping: ControlCode.ping,
  pong: ControlCode.pong,
  "open-connection": ControlCode.openConnection,
  "close-connection": ControlCode.closeConnection,
  "connection-opened": ControlCode.connectionOpened,
  "send-eof": ControlCode.sendEof,
  "udp-associate": ControlCode.udpAssociate,
  "udp-associate-opened": ControlCode.udpAssociateOpened,
  "udp-packet": ControlCode.udpPacket,
  "udp-associate-closed": ControlCode.udpAssociateClosed,
  "metrics-request": ControlCode.metricsRequest,
  "metrics-response": ControlCode.metricsResponse,
  "metrics-config": ControlCode.metricsConfig,
};

const metricsScopes = { aggregated: 0, live: 1, system: 2 } as const;

function encodeUdpPacket(writer: PayloadWriter, message: ControlMessage & { type: "udp-packet" }): number {
  const { address, port } = message.client;
  if (address.length !== 4 && address.length !== 16) {
    throw new RangeError(`An address has 4 or 16 bytes, not ${address.length}.`);
  }
  writer.uint32(message.connection).uint8(address.length === 4 ? 1 : 4);
  return writer.bytes(address).uint16(port).bytes(message.data).offset;
}

function encodeMetricsRequest(writer: PayloadWriter, message: ControlMessage & { type: "metrics-request" }): number {
  writer.uint8(metricsScopes[message.scope]);
  return message.scope === "live" ? writer.uint32(message.connection).offset : writer.offset;
}
