import { describe, expect, test } from "vitest";
import { request } from "./request.ts";

describe("request", () => {
  test("writes fields little-endian after the four header bytes and pads to four", () => {
    const bytes = request(130, 2).u8(1).skip(1).u16(0x0203).u32(0xfffffffe).i16(-2, 3).latin1("é").bytes();
    expect([...bytes]).toEqual([130, 2, 0, 0, 1, 0, 3, 2, 0xfe, 0xff, 0xff, 0xff, 0xfe, 0xff, 3, 0, 0xe9, 0, 0, 0]);
  });

  test("grows for long requests without losing what was written", () => {
    const payload = Buffer.alloc(1000, 7);
    const bytes = request(18).u32(42).raw(payload).i32(-1).bytes();
    expect(bytes.length).toBe(1012);
    expect(bytes.readUInt32LE(4)).toBe(42);
    expect(bytes.subarray(8, 1008).equals(payload)).toBe(true);
    expect(bytes.readInt32LE(1008)).toBe(-1);
  });

  test("refuses a value that does not fit its field", () => {
    expect(() => request(1).i16(40_000)).toThrow(RangeError);
  });
});
