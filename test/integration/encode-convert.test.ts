import fc from "fast-check";
import koffi from "koffi";
import {
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ444P,
  type AVPixelFormat,
  Codec,
  type FFEncoderCodec,
  Frame,
} from "node-av";
import { describe, expect, test } from "vitest";
import { H264_LADDER } from "../../dist/agent/encode/h264-ladder.js";
import { tunings } from "../../dist/agent/encode/h264-tuning.js";
import { PixelConverter } from "../../dist/agent/encode/pixel-converter.js";
import { streamSettingsSchema } from "../../dist/protocol/index.js";
import { PaintedScreen } from "../support/painted-screen.js";

const FORMATS: [string, AVPixelFormat][] = [
  ["yuv420p", AV_PIX_FMT_YUV420P],
  ["nv12", AV_PIX_FMT_NV12],
  ["yuvj420p", AV_PIX_FMT_YUVJ420P],
  ["yuvj444p", AV_PIX_FMT_YUVJ444P],
];

type Size = { width: number; height: number };

function frameOf(size: Size, format: AVPixelFormat): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = size.width;
  frame.height = size.height;
  frame.format = format;
  expect(frame.getBuffer(0)).toBe(0);
  for (const plane of frame.data ?? []) plane.fill(0);
  return frame;
}

/** The visible bytes of all planes, without the padding of their rows. */
function content(frame: Frame): string {
  return frame.toBuffer().toString("latin1");
}

describe.each(FORMATS)("converting to %s", (_name, format) => {
  test("only the damage gives the same frame as converting everything", () => {
    const edge = fc.integer({ min: 16, max: 150 });
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    const rects = fc.array(fc.tuple(fraction, fraction, fraction, fraction), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edge, edge, rects, fc.boolean(), (width, height, fractions, evenEdges) => {
        const screen = new PaintedScreen(width, height, width * height);
        const size = evenEdges ? { width: width + (width & 1), height: height + (height & 1) } : { width, height };
        const converter = new PixelConverter(screen.buffer, size, format);
        const partly = frameOf(size, format);
        const whole = frameOf(size, format);
        converter.convert(screen.buffer, undefined, partly);
        const damage = fractions.map(([left, top, right, bottom]) => {
          const x = Math.floor(left * (width - 1));
          const y = Math.floor(top * (height - 1));
          return {
            x,
            y,
            width: 1 + Math.floor(right * (width - x - 1)),
            height: 1 + Math.floor(bottom * (height - y - 1)),
          };
        });
        for (const rect of damage) screen.fill(rect, Math.floor(screen.random() * 0xffffff));
        converter.convert(screen.buffer, damage, partly);
        converter.convert(screen.buffer, undefined, whole);
        expect(content(partly) === content(whole)).toBe(true);
        converter.close();
        partly.free();
        whole.free();
      }),
      { numRuns: 60 },
    );
  });

  test("a change in the last rows does so however few of them are left below the last whole macroblock", () => {
    for (let height = 16; height < 48; height += 1) {
      const screen = new PaintedScreen(48, height, 48 * height);
      const size = { width: 48, height: height + (height & 1) };
      const converter = new PixelConverter(screen.buffer, size, format);
      const partly = frameOf(size, format);
      const whole = frameOf(size, format);
      converter.convert(screen.buffer, undefined, partly);
      const rect = { x: 20, y: height - 1, width: 5, height: 1 };
      screen.fill(rect, 0xff2010);
      converter.convert(screen.buffer, [rect], partly);
      converter.convert(screen.buffer, undefined, whole);
      expect(content(partly) === content(whole), `${height} rows`).toBe(true);
      converter.close();
      partly.free();
      whole.free();
    }
  });

  test("never reads past the end of the captured memory", () => {
    for (const [width, height] of [
      [640, 360],
      [1366, 768],
      [134, 70],
      [16, 16],
      [18, 33],
      [641, 361],
      [17, 17],
    ] as const) {
      const screen = guardedScreen(width, height);
      const size = { width: width + (width & 1), height: height + (height & 1) };
      const converter = new PixelConverter(screen, size, format);
      const frame = frameOf(size, format);
      converter.convert(screen, undefined, frame);
      for (const [right, bottom] of [
        [1, 1],
        [2, 2],
        [7, 3],
        [15, 15],
      ] as const) {
        converter.convert(screen, [{ x: width - right, y: height - bottom, width: right, height: bottom }], frame);
      }
      const half = { width: (width >> 2) * 2, height: (height >> 2) * 2 };
      const scaled = frameOf(half, format);
      const scaler = new PixelConverter(screen, half, format);
      scaler.convert(screen, undefined, scaled);
      scaler.close();
      converter.close();
      frame.free();
      scaled.free();
    }
  });
});

test("keeps a bounded number of contexts", () => {
  const screen = new PaintedScreen(640, 360);
  const converter = new PixelConverter(screen.buffer, screen.buffer, AV_PIX_FMT_YUV420P);
  const frame = frameOf(screen.buffer, AV_PIX_FMT_YUV420P);
  for (let round = 0; round < 2; round += 1) {
    for (let width = 16; width <= 400; width += 16) {
      for (let height = 16; height <= 160; height += 16)
        converter.convert(screen.buffer, [{ x: 0, y: 0, width, height }], frame);
    }
  }
  expect(converter.contextCount).toBe(24);
  converter.close();
  expect(converter.contextCount).toBe(0);
  frame.free();
});

test("refuses a format it cannot write", () => {
  const { buffer } = new PaintedScreen(64, 64);
  expect(() => new PixelConverter(buffer, buffer, 2 as AVPixelFormat)).toThrow(RangeError);
});

describe("the options of each hardware encoder", () => {
  const built = H264_LADDER.filter(
    ({ encoder }) => Codec.findEncoderByName(encoder as unknown as FFEncoderCodec) !== null,
  );
  test("of this build of FFmpeg exist", () => {
    expect(built.map(({ name }) => name)).toEqual(expect.arrayContaining(["libx264"]));
    for (const { encoder } of built) {
      const codec = Codec.findEncoderByName(encoder as unknown as FFEncoderCodec);
      const known = new Set(codec?.getOptions().map(({ name }) => name));
      for (const { options } of tunings(encoder, streamSettingsSchema.parse({}))) {
        expect(Object.keys(options).filter((name) => !known.has(name))).toEqual([]);
      }
    }
  });
});

/** Pixels that end where their memory ends: the next page cannot be read, as behind a shared memory segment. */
function guardedScreen(width: number, height: number) {
  const pageBytes = 4096;
  const bytes = width * height * 4;
  const mapped = Math.ceil(bytes / pageBytes) * pageBytes;
  const libc = koffi.load("libc.so.6");
  const mmap = libc.func(
    "uintptr_t mmap(uintptr_t address, size_t bytes, int protection, int flags, int fd, long offset)",
  );
  const mprotect = libc.func("int mprotect(uintptr_t address, size_t bytes, int protection)");
  const address = BigInt(mmap(0, mapped + pageBytes, 3, 0x22, -1, 0));
  expect(mprotect(address + BigInt(mapped), pageBytes, 0)).toBe(0);
  const pixels = new Uint8Array(koffi.view(address, mapped), mapped - bytes, bytes);
  return { pixels, strideBytes: width * 4, width, height };
}
