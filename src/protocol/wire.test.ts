import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ackVectors,
  cursorVectors,
  inputVectors,
  pictureVectors,
  vectorBytes,
  type WireVector,
} from "../../test/fixtures/wire-vectors.ts";
import { ProtocolError } from "../base/index.ts";
import {
  type Cursor,
  decodeAck,
  decodeCursor,
  decodeInput,
  decodePicture,
  encodeAck,
  encodeCursor,
  encodeInput,
  encodePicture,
  type Input,
  MAX_CURSOR_EDGE,
  MAX_HELD_KEYS,
  MAX_PICTURE_RECTS,
  MessageType,
  type Picture,
  pictureHeaderBytes,
  readPictureRoute,
  stampHubTime,
  stampInputViewer,
  stampSendDelay,
} from "./index.ts";

type Format<T> = {
  readonly name: string;
  readonly vectors: ReadonlyArray<WireVector<T>>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
  readonly arbitrary: fc.Arbitrary<T>;
};

const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const timeUs = fc.integer({ min: 0, max: 0xfffffffe });
const clockUs = fc.double({ min: 0, max: 1e15, noNaN: true });

const pictureArbitrary: fc.Arbitrary<Picture> = fc
  .record({ width: fc.integer({ min: 1, max: 16_384 }), height: fc.integer({ min: 1, max: 16_384 }) })
  .chain(({ width, height }) =>
    fc.record({
      kind: fc.constantFrom("video" as const, "jpeg" as const, "tiles" as const),
      ...{ keyframe: fc.boolean(), intra: fc.boolean() },
      ...{ rung: uint32, sequence: uint32, inputViewer: uint32, inputSequence: uint32 },
      ...{ width: fc.constant(width), height: fc.constant(height) },
      ...{ changeUs: clockUs, hubUs: clockUs, inputToChangeUs: fc.option(timeUs, { nil: undefined }) },
      ...{ waitUs: timeUs, grabUs: timeUs, convertUs: timeUs, encodeUs: timeUs, sendUs: timeUs },
      rects: fc.array(rectIn(width, height), { maxLength: 8 }),
      payload: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    }),
  );

function rectIn(width: number, height: number) {
  return fc.tuple(fc.integer({ min: 0, max: width - 1 }), fc.integer({ min: 0, max: height - 1 })).chain(([x, y]) =>
    fc.record({
      x: fc.constant(x),
      y: fc.constant(y),
      width: fc.integer({ min: 1, max: width - x }),
      height: fc.integer({ min: 1, max: height - y }),
    }),
  );
}

const header = { viewer: uint32, sequence: uint32, source: uint32 };
const codePoint = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));
const inputArbitrary: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant("pointer" as const), ...header, relative: fc.boolean() },
    ...{ buttons: fc.integer({ min: 0, max: 31 }), x: int32, y: int32 },
  }),
  fc.record({ kind: fc.constant("wheel" as const), ...header, x: int32, y: int32 }),
  fc.record({
    ...{ kind: fc.constant("key" as const), ...header, down: fc.boolean(), repeat: fc.boolean() },
    ...{ usage: uint16, codePoint, modifiers: uint32 },
  }),
  fc.record({
    ...{ kind: fc.constant("held-keys" as const), ...header },
    usages: fc.array(uint16, { maxLength: MAX_HELD_KEYS }),
  }),
);

const cursorArbitrary = fc
  .record({ width: fc.integer({ min: 0, max: 12 }), height: fc.integer({ min: 0, max: 12 }) })
  .chain(({ width, height }) =>
    fc.record({
      ...{ source: uint32, visible: fc.boolean(), width: fc.constant(width), height: fc.constant(height) },
      ...{ hotspotX: uint16, hotspotY: uint16 },
      rgba: fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 }),
    }),
  );

const ackArbitrary = fc.record({
  stage: fc.constantFrom("accepted" as const, "presented" as const),
  ...{ rung: uint32, sequence: uint32, decodeUs: uint32, drawUs: uint32 },
});

const picture: Format<Picture> = {
  name: "picture",
  vectors: pictureVectors,
  encode: (value) => encodePicture(value, value.payload),
  decode: decodePicture,
  arbitrary: pictureArbitrary,
};

/** Messages whose length follows from what they hold; a picture's payload just ends. */
const exactFormats: ReadonlyArray<Format<never>> = [
  { name: "cursor", vectors: cursorVectors, encode: encodeCursor, decode: decodeCursor, arbitrary: cursorArbitrary },
  { name: "ack", vectors: ackVectors, encode: encodeAck, decode: decodeAck, arbitrary: ackArbitrary },
  { name: "input", vectors: inputVectors, encode: encodeInput, decode: decodeInput, arbitrary: inputArbitrary },
] as unknown as ReadonlyArray<Format<never>>;

const formats = [picture as unknown as Format<never>, ...exactFormats];

describe.each(formats)("$name messages", ({ vectors, encode, decode, arbitrary }) => {
  test.each(vectors)("golden vector: $name", (vector) => {
    expect(decode(vectorBytes(vector))).toEqual(vector.value);
    expect(encode(vector.value)).toEqual(vectorBytes(vector));
  });

  test("decode to what was encoded", () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test("decode the same from the middle of a larger buffer", () => {
    for (const vector of vectors) {
      const bytes = vectorBytes(vector);
      const larger = new Uint8Array(bytes.byteLength + 10).fill(0xaa);
      larger.set(bytes, 3);
      expect(decode(larger.subarray(3, 3 + bytes.byteLength))).toEqual(vector.value);
    }
  });

  test("that are random bytes are refused with a ProtocolError or decoded, nothing else", () => {
    const type = fc.constantFrom(...Object.values(MessageType), 0, 3, 0xff);
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 120 }), (first, rest) => {
        expectCleanly(() => decode(Uint8Array.of(first, ...rest)));
      }),
    );
  });
});

describe("truncated messages", () => {
  test.each(exactFormats)("every prefix of a $name message is refused", ({ vectors, decode }) => {
    for (const vector of vectors) {
      const bytes = vectorBytes(vector);
      for (let length = 0; length < bytes.byteLength; length += 1) {
        expect(() => decode(bytes.subarray(0, length)), `${vector.name}, ${length} bytes`).toThrow(ProtocolError);
      }
      expect(() => decode(Uint8Array.of(...bytes, 0) as never), `${vector.name} and a byte more`).toThrow(
        ProtocolError,
      );
    }
  });

  test.each(pictureVectors)("every prefix of a picture without payload is refused: $name", (vector) => {
    const bytes = vectorBytes(vector);
    const { rects, window } = vector.value;
    const payloadOffset = pictureHeaderBytes(rects.length + (window === undefined ? 0 : 1));
    for (let length = 0; length <= payloadOffset; length += 1) {
      expect(() => decodePicture(bytes.subarray(0, length)), `${length} bytes`).toThrow(ProtocolError);
    }
    expect(decodePicture(bytes.subarray(0, payloadOffset + 1)).payload).toEqual(vector.value.payload.subarray(0, 1));
  });

  test("a route needs a whole header", () => {
    const bytes = vectorBytes(pictureVectors[0] as WireVector<Picture>);
    expect(readPictureRoute(bytes)).toEqual({ rung: 7, sequence: 258, keyframe: true });
    for (let length = 0; length < 64; length += 1) {
      expect(() => readPictureRoute(bytes.subarray(0, length))).toThrow(ProtocolError);
    }
  });
});

describe("limits", () => {
  const patched = (vector: WireVector<unknown>, offset: number, ...bytes: number[]): Uint8Array => {
    const message = vectorBytes(vector);
    message.set(bytes, offset);
    return message;
  };
  const [keyframe] = pictureVectors as [WireVector<Picture>];

  test.each([
    ["no width", 12, [0, 0]],
    ["a height over the limit", 14, [0xff, 0xff]],
    ["a rectangle outside", 64, [1, 0]],
    ["a rectangle without width", 68, [0, 0]],
  ])("a picture with %s is malformed", (_what, offset, bytes) => {
    expect(() => decodePicture(patched(keyframe, offset, ...bytes))).toThrow(ProtocolError);
  });

  test.each([
    ["that is a keyframe", 1, [7]],
    ["that is not said", 2, [0, 0]],
    ["that a rectangle leaves", 72, [0x7e, 0x02]],
  ])("a picture with a window %s is malformed", (_what, offset, bytes) => {
    const windowed = pictureVectors.find(({ value }) => value.window !== undefined) as WireVector<Picture>;
    expect(() => decodePicture(patched(windowed, offset, ...bytes))).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });

  test("a picture with too many rectangles is refused on both sides", () => {
    const count = MAX_PICTURE_RECTS + 1;
    const message = new Uint8Array(pictureHeaderBytes(count) + 1);
    message.set(vectorBytes(keyframe).subarray(0, 64));
    new DataView(message.buffer).setUint16(2, count, true);
    expect(() => decodePicture(message)).toThrow(expect.objectContaining({ code: "too-large" }));
    const rects = Array.from({ length: count }, () => ({ x: 0, y: 0, width: 1, height: 1 }));
    expect(() => encodePicture({ ...keyframe.value, rects }, Uint8Array.of(1))).toThrow(RangeError);
  });

  test("a cursor larger than the limit is refused before its size is believed", () => {
    const edge = MAX_CURSOR_EDGE + 1;
    const message = patched(cursorVectors[0] as WireVector<unknown>, 8, edge & 0xff, edge >> 8);
    expect(() => decodeCursor(message)).toThrow(expect.objectContaining({ code: "too-large" }));
  });

  test("a cursor whose pixels do not fit its size is not encoded", () => {
    const [visible] = cursorVectors as [WireVector<Cursor>];
    expect(() => encodeCursor({ ...visible.value, rgba: Uint8Array.of(1) })).toThrow(RangeError);
  });

  test.each([
    ["an unknown ack stage", () => decodeAck(patched(ackVectors[0] as WireVector<unknown>, 1, 2))],
    ["an unknown button", () => decodeInput(patched(inputVectors[0] as WireVector<unknown>, 2, 32))],
    ["a surrogate as code point", () => decodeInput(patched(inputVectors[3] as WireVector<unknown>, 16, 0x00, 0xd8))],
    ["more held keys than the limit", () => decodeInput(patched(inputVectors[5] as WireVector<unknown>, 2, 33))],
    ["a type that is no input", () => decodeInput(Uint8Array.of(MessageType.ack, 0, 0, 0))],
  ])("%s is refused", (_what, decode) => {
    expect(decode).toThrow(ProtocolError);
  });
});

describe("stamps", () => {
  test("change their own field only", () => {
    const [vector] = pictureVectors as [WireVector<Picture>];
    const message = vectorBytes(vector);
    stampHubTime(message, 42.5);
    stampSendDelay(message, 7);
    expect(decodePicture(message)).toEqual({ ...vector.value, hubUs: 42.5, sendUs: 7 });
    const input = vectorBytes(inputVectors[0] as WireVector<Input>);
    stampInputViewer(input, 77);
    expect(decodeInput(input)).toEqual({ ...inputVectors[0]?.value, viewer: 77 });
  });
});

function expectCleanly(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
}
