import { ProtocolError } from "../base/index.ts";
import { MessageType, messageView, requireLength } from "./message-type.ts";

/**
 * Ack message, viewer to hub and hub to agent: gives a credit back (`accepted`: the decoder took the picture) or reports
 * that it is on the canvas (`presented`). Layout (little-endian): u8 type 0x10, u8 stage (0 accepted, 1 presented),
 * u16 reserved 0, u32 rung, u32 sequence, u32 decode time, u32 draw time (both in microseconds; when accepted, what the
 * ack itself waited for: tiles are taken when they are drawn, video when the decoder has room).
 * An ack covers every earlier sequence of the rung.
 */
export type Ack = {
  readonly stage: "accepted" | "presented";
  readonly rung: number;
  readonly sequence: number;
  readonly decodeUs: number;
  readonly drawUs: number;
};

const ACK_BYTES = 20;

export function encodeAck(ack: Ack): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(ACK_BYTES);
  const view = new DataView(message.buffer);
  view.setUint8(0, MessageType.ack);
  view.setUint8(1, ack.stage === "accepted" ? 0 : 1);
  view.setUint32(4, ack.rung, true);
  view.setUint32(8, ack.sequence, true);
  view.setUint32(12, Math.min(0xffffffff, Math.max(0, Math.round(ack.decodeUs))), true);
  view.setUint32(16, Math.min(0xffffffff, Math.max(0, Math.round(ack.drawUs))), true);
  return message;
}

/** Reads an ack message. Throws {@link ProtocolError}. */
export function decodeAck(message: Uint8Array): Ack {
  const view = messageView(message, MessageType.ack, ACK_BYTES, "ack");
  requireLength(message, ACK_BYTES, "ack");
  const stage = view.getUint8(1);
  if (stage > 1) throw new ProtocolError("malformed", `An ack has the unknown stage ${stage}.`);
  return {
    stage: stage === 0 ? "accepted" : "presented",
    rung: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    decodeUs: view.getUint32(12, true),
    drawUs: view.getUint32(16, true),
  };
}
