import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../base/index.ts";
import {
  type CloseReason,
  type ControlMessage,
  closeReasonOf,
  closeReasons,
  decodeControl,
  decodeSealedTarget,
  decodeSocksTarget,
  decodeUdpRequest,
  encodeControl,
  encodeControlFrame,
  encodeSealedTarget,
  encodeSocksTarget,
  encodeUdpRequest,
  TubeFrameReader,
} from "./index.ts";

function payloadOf(message: ControlMessage): number[] {
  const target = new Uint8Array(512);
  return [...target.subarray(0, encodeControl(target, 0, message))];
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return undefined;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const connection = 0x01020304;

const vectors: ReadonlyArray<readonly [ControlMessage, readonly number[]]> = [
  [{ type: "ping", connection, echo: bytes(9, 8) }, [0, 1, 1, 2, 3, 4, 9, 8]],
  [{ type: "pong", connection: 0, echo: bytes() }, [0, 2, 0, 0, 0, 0]],
  [{ type: "open-connection", connection, data: bytes() }, [0, 101, 1, 2, 3, 4]],
  [{ type: "close-connection", connection, reason: "guacd-error" }, [0, 102, 1, 2, 3, 4, 14]],
  [
    { type: "close-connection", connection: 0, reason: "security-threat", message: "né" },
    [0, 102, 0, 0, 0, 0, 23, 0, 3, 0x6e, 0xc3, 0xa9],
  ],
  [{ type: "connection-opened", connection }, [0, 103, 1, 2, 3, 4]],
  [{ type: "send-eof", connection }, [0, 104, 1, 2, 3, 4]],
  [{ type: "udp-associate", connection, port: 0x1234 }, [0, 201, 1, 2, 3, 4, 0x12, 0x34]],
  [{ type: "udp-associate-opened", connection, port: 80 }, [0, 202, 1, 2, 3, 4, 0, 80]],
  [
    { type: "udp-packet", connection, client: { address: bytes(127, 0, 0, 1), port: 258 }, data: bytes(5) },
    [0, 203, 1, 2, 3, 4, 1, 127, 0, 0, 1, 1, 2, 5],
  ],
  [
    { type: "udp-packet", connection, client: { address: new Uint8Array(16).fill(7), port: 1 }, data: bytes() },
    [0, 203, 1, 2, 3, 4, 4, ...new Array(16).fill(7), 0, 1],
  ],
  [{ type: "udp-associate-closed", connection }, [0, 204, 1, 2, 3, 4]],
  [{ type: "metrics-request", scope: "aggregated" }, [1, 45, 0]],
  [{ type: "metrics-request", scope: "live", connection }, [1, 45, 1, 1, 2, 3, 4]],
  [{ type: "metrics-request", scope: "system" }, [1, 45, 2]],
  [{ type: "metrics-response", json: "null" }, [1, 46, 0x6e, 0x75, 0x6c, 0x6c]],
  [{ type: "metrics-config", json: "{}" }, [1, 47, 0x7b, 0x7d]],
];

describe("control messages", () => {
  it.each(vectors)("encodes and decodes %o", (message, payload) => {
    expect(payloadOf(message)).toEqual(payload);
    expect(decodeControl(Uint8Array.from(payload))).toEqual(message);
  });

  it("calls every message that is cut before its last required field truncated", () => {
    const required: Partial<Record<ControlMessage["type"], number>> = { ping: 2, pong: 2, "close-connection": 6 };
    for (const [message, payload] of vectors) {
      if (message.type.startsWith("metrics")) continue;
      const variable = "data" in message ? message.data.length : 0;
      for (let length = 0; length < (required[message.type] ?? payload.length - variable); length += 1) {
        expect(codeOf(() => decodeControl(Uint8Array.from(payload.slice(0, length))))).toBe("truncated");
      }
    }
    const cut = [
      [1, 45, 1, 1, 2, 3],
      [0, 102, 0, 0, 0, 1, 0, 0],
      [0, 102, 0, 0, 0, 1, 0, 0, 1],
    ];
    for (const payload of cut) expect(codeOf(() => decodeControl(Uint8Array.from(payload)))).toBe("truncated");
  });

  it("calls the empty close of faulty peers truncated", () => {
    expect(codeOf(() => decodeControl(bytes(0, 102)))).toBe("truncated");
  });

  it("reads short forms: ping without a connection, close without a reason, metrics without a type", () => {
    expect(decodeControl(bytes(0, 1))).toEqual({ type: "ping", connection: 0, echo: bytes() });
    expect(decodeControl(bytes(0, 2, 1, 2, 3))).toEqual({ type: "pong", connection: 0, echo: bytes() });
    expect(decodeControl(bytes(0, 102, 0, 0, 0, 5))).toEqual({
      type: "close-connection",
      connection: 5,
      reason: "normal",
    });
    expect(decodeControl(bytes(1, 45))).toEqual({ type: "metrics-request", scope: "aggregated" });
  });

  it("refuses unknown codes, types and text that is not UTF-8", () => {
    expect(codeOf(() => decodeControl(bytes(0xff, 0xff)))).toBe("unknown-type");
    expect(codeOf(() => decodeControl(bytes(1, 45, 3)))).toBe("unknown-type");
    expect(codeOf(() => decodeControl(bytes(0, 203, 0, 0, 0, 1, 2, 1, 1, 1, 1, 0, 1)))).toBe("malformed");
    expect(codeOf(() => decodeControl(bytes(1, 46, 0xc3, 0x28)))).toBe("malformed");
  });

  it("writes a frame that the reader reads", () => {
    const target = new Uint8Array(64);
    const end = encodeControlFrame(target, 3, 77, { type: "send-eof", connection });
    const reader = new TubeFrameReader();
    reader.push(target.subarray(3, end));
    const frame = reader.next();
    expect([frame?.connection, frame?.timestampMs]).toEqual([0, 77]);
    expect(decodeControl(frame?.payload() ?? bytes())).toEqual({ type: "send-eof", connection });
  });

  it("refuses to write what does not fit", () => {
    const opened: ControlMessage = { type: "connection-opened", connection };
    expect(() => encodeControl(new Uint8Array(5), 0, opened)).toThrow(RangeError);
    expect(() => encodeControlFrame(new Uint8Array(22), 0, 0, opened)).toThrow(RangeError);
    expect(() => payloadOf({ type: "connection-opened", connection: 2 ** 32 })).toThrow(RangeError);
    expect(() => payloadOf({ type: "udp-associate", connection, port: 65_536 })).toThrow(RangeError);
    const client = { address: bytes(1, 2, 3), port: 1 };
    expect(() => payloadOf({ type: "udp-packet", connection, client, data: bytes() })).toThrow(RangeError);
  });

  it("throws nothing but ProtocolError on any payload", () => {
    const codes = [1, 2, 101, 102, 103, 104, 201, 202, 203, 204, 301, 302, 303];
    const payload = fc
      .tuple(fc.oneof(fc.constantFrom(...codes), fc.nat(0xffff)), fc.uint8Array({ maxLength: 40 }))
      .map(([code, data]) => Uint8Array.from([code >> 8, code, ...data]));
    const property = fc.property(payload, (message) => {
      let decoded: ControlMessage;
      try {
        decoded = decodeControl(message);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        return;
      }
      expect(decodeControl(Uint8Array.from(payloadOf(decoded)))).toEqual(decoded);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe("close reasons", () => {
  it("have the codes and kinds of the wire", () => {
    const all = Object.entries(closeReasons);
    expect(all.map(([, { code }]) => code)).toEqual([0, 1, 2, ...Array.from({ length: 20 }, (_, index) => index + 4)]);
    const codes = (kind: "critical" | "retryable"): number[] =>
      all.filter(([, one]) => one[kind]).map(([, one]) => one.code);
    expect(codes("critical")).toEqual([1, 13, 14, 17, 18, 19, 21]);
    expect(codes("retryable")).toEqual([2, 4, 9, 10, 16]);
    for (const [reason, { code, sentence }] of all) {
      expect(closeReasonOf(code)).toBe(reason as CloseReason);
      expect(sentence).toMatch(/^\S.*\.$/);
    }
  });

  it("reads every other code as unknown", () => {
    for (const code of [3, 24, 255, 0xffff]) expect(closeReasonOf(code)).toBe("unknown");
  });
});

describe("targets", () => {
  it("carry host and port of a SOCKS target", () => {
    const data = encodeSocksTarget({ host: "bücher.example", port: 443 });
    expect([...data.subarray(0, 6)]).toEqual([0, 0, 0, 15, 0x62, 0xc3]);
    expect(decodeSocksTarget(data)).toEqual({ host: "bücher.example", port: 443 });
    expect(codeOf(() => decodeSocksTarget(data.subarray(0, -1)))).toBe("truncated");
    expect(codeOf(() => decodeSocksTarget(bytes(0xff, 0xff, 0xff, 0xff, 1)))).toBe("truncated");
    expect(codeOf(() => decodeSocksTarget(bytes(0, 0, 0, 1, 0x80, 0, 1)))).toBe("malformed");
  });

  it("carry a sealed target", () => {
    const sealed = {
      publicKey: new Uint8Array(65).fill(4),
      nonce: new Uint8Array(12).fill(5),
      ciphertext: bytes(1, 2, 3),
    };
    const data = encodeSealedTarget(sealed);
    expect(data).toHaveLength(84);
    expect(decodeSealedTarget(data)).toEqual(sealed);
    expect(codeOf(() => decodeSealedTarget(data.subarray(0, 83)))).toBe("truncated");
    expect(() => encodeSealedTarget({ ...sealed, nonce: bytes(1) })).toThrow(RangeError);
  });

  it("carry a UDP packet towards its target", () => {
    const request = { host: "::1", port: 53, payload: bytes(1, 2) };
    expect(decodeUdpRequest(encodeUdpRequest(request))).toEqual(request);
  });
});
