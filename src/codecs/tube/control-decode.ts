import { ProtocolError } from "../../base/index.ts";
import { closeReasonOf } from "./close-reason.ts";
import { ControlCode, type ControlMessage } from "./control.ts";
import { PayloadReader } from "./payload-reader.ts";

/**
 * Reads the payload of a frame of connection 0. Throws {@link ProtocolError}: `truncated`, `malformed`, or
 * `unknown-type` for a code that is not known. Such an error concerns this message alone; the frames behind it are
 * still in order.
 */
export function decodeControl(payload: Uint8Array): ControlMessage {
  const reader = new PayloadReader(payload, "control message");
  const code = reader.uint16();
  switch (code) {
    case ControlCode.ping:
      return { type: "ping", ...decodeEcho(reader) };
    case ControlCode.pong:
      return { type: "pong", ...decodeEcho(reader) };
    case ControlCode.openConnection:
      return { type: "open-connection", connection: reader.uint32(), data: reader.rest() };
    case ControlCode.closeConnection:
      return decodeClose(reader);
    case ControlCode.connectionOpened:
      return { type: "connection-opened", connection: reader.uint32() };
    case ControlCode.sendEof:
      return { type: "send-eof", connection: reader.uint32() };
    case ControlCode.udpAssociate:
      return { type: "udp-associate", connection: reader.uint32(), port: reader.uint16() };
    case ControlCode.udpAssociateOpened:
      return { type: "udp-associate-opened", connection: reader.uint32(), port: reader.uint16() };
    case ControlCode.udpPacket:
      return decodeUdpPacket(reader);
    case ControlCode.udpAssociateClosed:
      return { type: "udp-associate-closed", connection: reader.uint32() };
    case ControlCode.metricsRequest:
      return decodeMetricsRequest(reader);
    case ControlCode.metricsResponse:
      return { type: "metrics-response", json: reader.text(reader.remaining) };
    case ControlCode.metricsConfig:
      return { type: "metrics-config", json: reader.text(reader.remaining) };
    default:
      throw new ProtocolError("unknown-type", `A control message has the unknown code ${code}.`);
  }
}

/** Fewer than four bytes stand for connection 0, as existing peers read them. */
function decodeEcho(reader: PayloadReader): { connection: number; echo: Uint8Array } {
  if (reader.remaining < 4) return { connection: 0, echo: new Uint8Array(0) };
  return { connection: reader.uint32(), echo: reader.rest() };
}

function decodeClose(reader: PayloadReader): ControlMessage {
  const connection = reader.uint32();
  const reason = reader.remaining === 0 ? "normal" : closeReasonOf(reader.uint8());
  if (reader.remaining === 0) return { type: "close-connection", connection, reason };
  return { type: "close-connection", connection, reason, message: reader.text(reader.uint16()) };
}

function decodeUdpPacket(reader: PayloadReader): ControlMessage {
  const connection = reader.uint32();
  const family = reader.uint8();
  if (family !== 1 && family !== 4) {
    throw new ProtocolError("malformed", `A UDP packet has the unknown address type ${family}.`);
  }
  const address = reader.bytes(family === 1 ? 4 : 16);
  return { type: "udp-packet", connection, client: { address, port: reader.uint16() }, data: reader.rest() };
}

function decodeMetricsRequest(reader: PayloadReader): ControlMessage {
  const scope = reader.remaining === 0 ? 0 : reader.uint8();
  if (scope === 0) return { type: "metrics-request", scope: "aggregated" };
  if (scope === 1) return { type: "metrics-request", scope: "live", connection: reader.uint32() };
  if (scope === 2) return { type: "metrics-request", scope: "system" };
  throw new ProtocolError("unknown-type", `A metrics request has the unknown type ${scope}.`);
}
