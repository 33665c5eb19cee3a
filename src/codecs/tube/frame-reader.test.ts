import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../base/index.ts";
import { encodeTubeFrame, TubeFrameReader } from "./index.ts";

type Copy = { connection: number; timestampMs: number; payload: number[] };

function frameOf(connection: number, timestampMs: number, payload: readonly number[]): Uint8Array {
  const target = new Uint8Array(17 + payload.length);
  expect(encodeTubeFrame(target, 0, connection, timestampMs, Uint8Array.from(payload))).toBe(target.length);
  return target;
}

function drain(reader: TubeFrameReader): Copy[] {
  const frames: Copy[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    frames.push({ connection: frame.connection, timestampMs: frame.timestampMs, payload: [...frame.payload()] });
  }
  return frames;
}

function readAll(reader: TubeFrameReader, chunks: readonly Uint8Array[]): Copy[] {
  return chunks.flatMap((chunk) => {
    reader.push(chunk);
    return drain(reader);
  });
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}

function thrown(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

describe("TubeFrameReader", () => {
  it("reads the ping of the published tables: 23 bytes", () => {
    const bytes = Uint8Array.from([
      ...[0, 0, 0, 0],
      ...[0, 0, 1, 0x9a, 0xbc, 0xde, 0xf0, 0x12],
      ...[0, 0, 0, 6],
      ...[0, 1, 0, 0, 0, 7],
      0x3b,
    ]);
    expect(readAll(new TubeFrameReader(), [bytes])).toEqual([
      { connection: 0, timestampMs: 0x19a_bcde_f012, payload: [0, 1, 0, 0, 0, 7] },
    ]);
    expect(frameOf(0, 0x19a_bcde_f012, [0, 1, 0, 0, 0, 7])).toEqual(bytes);
  });

  it("accepts an empty payload, payloads of terminators and the largest numbers", () => {
    const chunk = Buffer.concat([
      frameOf(1, 0, []),
      frameOf(2, 1, [0x3b, 0x3b]),
      frameOf(0xffffffff, 2 ** 53 - 1, [9]),
    ]);
    expect(readAll(new TubeFrameReader(), [chunk])).toEqual([
      { connection: 1, timestampMs: 0, payload: [] },
      { connection: 2, timestampMs: 1, payload: [0x3b, 0x3b] },
      { connection: 0xffffffff, timestampMs: 2 ** 53 - 1, payload: [9] },
    ]);
  });

  it("shows whole frames where they lie and copies only a cut one", () => {
    const chunk = Buffer.concat([frameOf(1, 0, [1, 2, 3]), frameOf(2, 0, [4, 5])]);
    const reader = new TubeFrameReader();
    reader.push(chunk.subarray(0, 30));
    const first = reader.next();
    expect([first?.bytes === undefined, first?.bytes.buffer === chunk.buffer, first?.start]).toEqual([false, true, 16]);
    expect(reader.next()).toBeUndefined();
    expect(reader.pendingBytes).toBe(10);
    reader.push(Buffer.concat([chunk.subarray(30), frameOf(3, 0, [6])]));
    expect(drain(reader).map(({ payload }) => payload)).toEqual([[4, 5], [6]]);
    expect(reader.pendingBytes).toBe(0);
  });

  it("hands out one frame object", () => {
    const reader = new TubeFrameReader();
    reader.push(Buffer.concat([frameOf(1, 0, []), frameOf(2, 0, [])]));
    expect(reader.next()).toBe(reader.next());
  });

  it("gives the same frames however the bytes are cut", () => {
    const frame = fc.record({
      connection: fc.nat(0xffffffff),
      timestampMs: fc.nat(Number.MAX_SAFE_INTEGER),
      payload: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }),
    });
    const property = fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((one) => frameOf(one.connection, one.timestampMs, one.payload)));
        const reader = new TubeFrameReader();
        expect(readAll(reader, split(bytes, cuts))).toEqual(frames);
        reader.finish();
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it("reads frames larger than its first buffer byte by byte", () => {
    const payload = Array.from({ length: 9000 }, (_, index) => index % 251);
    const bytes = Buffer.concat([frameOf(5, 1, payload), frameOf(6, 2, payload)]);
    const chunks = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(readAll(new TubeFrameReader(), chunks).map((frame) => frame.payload)).toEqual([payload, payload]);
  });

  it("refuses a length over the limit as soon as the header is there", () => {
    const header = frameOf(7, 0, []).subarray(0, 16);
    header.set([0xff, 0xff, 0, 2], 12);
    const reader = new TubeFrameReader();
    reader.push(header.subarray(0, 15));
    expect(reader.next()).toBeUndefined();
    reader.push(header.subarray(15));
    expect(thrown(() => reader.next())).toMatchObject({ code: "too-large" });
    expect(readAll(new TubeFrameReader({ maxPayloadBytes: 3 }), [frameOf(1, 0, [1, 2, 3])])).toHaveLength(1);
    const strict = new TubeFrameReader({ maxPayloadBytes: 2 });
    strict.push(frameOf(1, 0, [1, 2, 3]));
    expect(thrown(() => strict.next()).message).toContain("connection 1 is 3 bytes long; the limit is 2");
  });

  it("hands out the frames before a wrong terminator, then fails until reset", () => {
    const wrong = frameOf(8, 0, [1]);
    wrong[17] = 0x2c;
    const reader = new TubeFrameReader();
    reader.push(Buffer.concat([frameOf(1, 0, [1]), wrong, frameOf(2, 0, [2])]));
    expect(reader.next()?.connection).toBe(1);
    const error = thrown(() => reader.next());
    expect(error.code).toBe("malformed");
    expect(thrown(() => reader.next())).toBe(error);
    expect(thrown(() => reader.push(frameOf(3, 0, [])))).toBe(error);
    expect(thrown(() => reader.finish())).toBe(error);
    reader.reset();
    expect(readAll(reader, [frameOf(4, 0, [4])])).toEqual([{ connection: 4, timestampMs: 0, payload: [4] }]);
  });

  it("drops the start of a cut frame on reset", () => {
    const reader = new TubeFrameReader();
    expect(readAll(reader, [frameOf(1, 0, [1, 2]).subarray(0, 12)])).toEqual([]);
    reader.reset();
    expect(readAll(reader, [frameOf(2, 0, [])])).toHaveLength(1);
  });

  it("tells a truncated end at every length", () => {
    const bytes = frameOf(1, 0, [1, 2, 3]);
    for (let length = 0; length <= bytes.length; length += 1) {
      const reader = new TubeFrameReader();
      const frames = readAll(reader, [bytes.subarray(0, length)]);
      expect(frames).toHaveLength(length === bytes.length ? 1 : 0);
      if (length === 0 || length === bytes.length) reader.finish();
      else expect(thrown(() => reader.finish()).code).toBe("truncated");
    }
  });

  it("refuses a second chunk while frames of the first are unread", () => {
    const reader = new TubeFrameReader();
    reader.push(Buffer.concat([frameOf(1, 0, []), frameOf(2, 0, [])]));
    reader.next();
    expect(() => reader.push(frameOf(3, 0, []))).toThrow(TypeError);
    reader.next();
    reader.push(frameOf(3, 0, []));
    expect(reader.next()?.connection).toBe(3);
  });

  it("throws nothing but ProtocolError whatever arrives, and never stalls", () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.uint8Array({ maxLength: 5 }).map((payload) => frameOf(1, 2, [...payload])),
    );
    const property = fc.property(fc.array(chunk, { maxLength: 10 }), (chunks) => {
      const reader = new TubeFrameReader({ maxPayloadBytes: 100 });
      for (const bytes of chunks) {
        try {
          reader.push(bytes);
          expect(drain(reader).length).toBeLessThanOrEqual(20);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          reader.reset();
        }
        expect(reader.pendingBytes).toBeLessThanOrEqual(117);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("refuses a senseless limit", () => {
    expect(() => new TubeFrameReader({ maxPayloadBytes: -1 })).toThrow(RangeError);
  });
});
