import { ProtocolError } from "../../base/index.ts";
import {
  CONTROL_CONNECTION,
  ControlCode,
  sealTubeFrame,
  TUBE_HEADER_BYTES,
  TUBE_OVERHEAD_BYTES,
} from "../../codecs/tube/index.ts";

/** Control codes beyond those of existing tubes: what makes a tube resume, and what limits a connection's sender. */
export const LinkCode = { attach: 401, ack: 402, credit: 403 } as const;

/** Version of these messages; both ends must speak the same. */
export const LINK_VERSION = 1;

/** Bytes of a session's random name. */
export const SESSION_ID_BYTES = 16;

/**
 * - `attach`: first message of both ends on every transport. `received` counts the sequenced frames that arrived so far;
 *   the other end goes on with the next one. `windowBytes` is the credit every connection begins with.
 * - `ack`: `received` again, so that the other end can forget what it kept for a resume.
 * - `credit`: the sender of a connection may send this many bytes of payload more.
 */
export type LinkMessage =
  | { readonly type: "attach"; readonly session: Uint8Array; readonly received: number; readonly windowBytes: number }
  | { readonly type: "ack"; readonly received: number }
  | { readonly type: "credit"; readonly connection: number; readonly bytes: number };

const ATTACH_BYTES = 31;
const ACK_BYTES = 10;
const CREDIT_BYTES = 10;

/** Encodes a link message as a whole frame of connection 0 in a new buffer. */
export function encodeLinkFrame(message: LinkMessage): Uint8Array {
  switch (message.type) {
    case "attach": {
      const { frame, view } = openFrame(LinkCode.attach, ATTACH_BYTES);
      view.setUint8(2, LINK_VERSION);
      frame.set(message.session, TUBE_HEADER_BYTES + 3);
      writeCount(view, 19, message.received);
      view.setUint32(27, message.windowBytes);
      return frame;
    }
    case "ack": {
      const { frame, view } = openFrame(LinkCode.ack, ACK_BYTES);
      writeCount(view, 2, message.received);
      return frame;
    }
    case "credit": {
      const { frame, view } = openFrame(LinkCode.credit, CREDIT_BYTES);
      view.setUint32(2, message.connection);
      view.setUint32(6, message.bytes);
      return frame;
    }
  }
}

/** The code of a control message; undefined for a payload that is too short for one. */
export function controlCodeOf(payload: Uint8Array): number | undefined {
  return payload.length < 2 ? undefined : ((payload[0] as number) << 8) | (payload[1] as number);
}

/**
 * Whether a frame counts for resuming. Those that keep a transport going (ping, pong, attach, ack) do not: they are
 * never sent again.
 */
export function isSequenced(connection: number, payload: Uint8Array): boolean {
  if (connection !== CONTROL_CONNECTION) return true;
  const code = controlCodeOf(payload);
  return !(code === ControlCode.ping || code === ControlCode.pong || code === LinkCode.attach || code === LinkCode.ack);
}

/** Reads the payload of a link message; undefined for every other control message. Throws {@link ProtocolError}. */
export function decodeLinkMessage(payload: Uint8Array): LinkMessage | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  switch (controlCodeOf(payload)) {
    case LinkCode.attach:
      requireBytes(payload, ATTACH_BYTES, "attach");
      if (view.getUint8(2) !== LINK_VERSION) {
        throw new ProtocolError("unsupported-version", `The other end speaks version ${view.getUint8(2)} of tubes.`);
      }
      return {
        type: "attach",
        session: payload.slice(3, 3 + SESSION_ID_BYTES),
        received: readCount(view, 19),
        windowBytes: view.getUint32(27),
      };
    case LinkCode.ack:
      requireBytes(payload, ACK_BYTES, "ack");
      return { type: "ack", received: readCount(view, 2) };
    case LinkCode.credit:
      requireBytes(payload, CREDIT_BYTES, "credit");
      return { type: "credit", connection: view.getUint32(2), bytes: view.getUint32(6) };
    default:
      return undefined;
  }
}

function openFrame(code: number, payloadBytes: number): { frame: Uint8Array; view: DataView } {
  const frame = new Uint8Array(payloadBytes + TUBE_OVERHEAD_BYTES);
  sealTubeFrame(frame, 0, CONTROL_CONNECTION, 0, payloadBytes);
  const view = new DataView(frame.buffer, TUBE_HEADER_BYTES, payloadBytes);
  view.setUint16(0, code);
  return { frame, view };
}

function requireBytes(payload: Uint8Array, bytes: number, name: string): void {
  if (payload.length < bytes) {
    throw new ProtocolError("truncated", `A tube's ${name} message has ${payload.length} bytes of ${bytes}.`);
  }
}

function writeCount(view: DataView, at: number, count: number): void {
  view.setUint32(at, Math.floor(count / 0x1_0000_0000));
  view.setUint32(at + 4, count >>> 0);
}

function readCount(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
