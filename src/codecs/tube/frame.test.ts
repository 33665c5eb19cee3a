import { describe, expect, it } from "vitest";
import { encodeTubeFrame, MAX_SENT_PAYLOAD_BYTES, MAX_TUBE_MESSAGE_BYTES, sealTubeFrame } from "./index.ts";

describe("encodeTubeFrame", () => {
  it("writes frames one behind another into a kept buffer", () => {
    const target = new Uint8Array(60).fill(0xee);
    const end = encodeTubeFrame(target, 2, 0x01020304, 0x0506_0708_090a, Uint8Array.of(1, 0x3b));
    expect([...target.subarray(0, end + 1)]).toEqual([
      ...[0xee, 0xee, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 9, 10, 0, 0, 0, 2, 1, 0x3b, 0x3b],
      0xee,
    ]);
    expect(encodeTubeFrame(target, end, 1, 0, new Uint8Array(0))).toBe(end + 17);
  });

  it("copies short and long payloads alike", () => {
    for (let length = 0; length < 70; length += 1) {
      const payload = Uint8Array.from({ length }, (_, index) => index + 1);
      const target = new Uint8Array(17 + length);
      encodeTubeFrame(target, 0, 1, 2, payload);
      expect(target.subarray(16, 16 + length)).toEqual(payload);
    }
  });

  it("fits the largest sent payload into one message", () => {
    const target = new Uint8Array(MAX_TUBE_MESSAGE_BYTES);
    expect(encodeTubeFrame(target, 0, 1, 0, new Uint8Array(MAX_SENT_PAYLOAD_BYTES))).toBe(MAX_TUBE_MESSAGE_BYTES);
  });

  it("refuses what does not fit and numbers out of range", () => {
    const target = new Uint8Array(20);
    const none = new Uint8Array(0);
    expect(() => encodeTubeFrame(target, 4, 1, 0, none)).toThrow(RangeError);
    expect(() => encodeTubeFrame(target, -1, 1, 0, none)).toThrow(RangeError);
    for (const connection of [-1, 2 ** 32, 1.5, Number.NaN]) {
      expect(() => encodeTubeFrame(target, 0, connection, 0, none)).toThrow(RangeError);
    }
    for (const timestampMs of [-1, 2 ** 53, Number.NaN]) {
      expect(() => encodeTubeFrame(target, 0, 1, timestampMs, none)).toThrow(RangeError);
    }
    expect(target).toEqual(new Uint8Array(20));
  });
});

describe("sealTubeFrame", () => {
  it("writes around a payload that is already there", () => {
    const target = new Uint8Array(24);
    target.set([1, 2, 3], 20);
    const copied = new Uint8Array(20);
    encodeTubeFrame(copied, 0, 9, 1_700_000_000_123, Uint8Array.of(1, 2, 3));
    expect(sealTubeFrame(target, 4, 9, 1_700_000_000_123, 3)).toBe(24);
    expect(target.subarray(4)).toEqual(copied);
  });
});
