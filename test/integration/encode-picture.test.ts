import { afterEach, describe, expect, test } from "vitest";
import type { EncodedPicture, PictureEncoder } from "../../dist/agent/encode/encoder.js";
import { openEncoder } from "../../dist/agent/encode/index.js";
import { LibavDecoder } from "../../dist/agent/encode/libav-decoder.js";
import type { Rect } from "../../dist/base/index.js";
import { avcCodecString, NalType, nalUnits, parseSps, smallestLevel, spsPictureSize } from "../../dist/codecs/index.js";
import {
  type Codec,
  ENCODER_PRESETS,
  STREAM_PRESETS,
  type StreamSettings,
  streamSettingsSchema,
} from "../../dist/protocol/index.js";
import { decodedPixel, framePlanes, lumaPsnr, PaintedScreen } from "../support/painted-screen.js";

const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const resource of open.splice(0)) resource.close();
});

function encoderFor(
  screen: PaintedScreen,
  settings: Partial<StreamSettings> = {},
  codec: Codec = "h264",
): PictureEncoder {
  const { width, height } = screen.buffer;
  const all = streamSettingsSchema.parse(settings);
  const encoder = openEncoder({ codec, settings: all, sourceWidth: width, sourceHeight: height });
  open.push(encoder);
  return encoder;
}

function decoderFor(codec: Codec = "h264"): LibavDecoder {
  const decoder = new LibavDecoder(codec === "h264" ? "h264" : "mjpeg");
  open.push(decoder);
  return decoder;
}

let clockUs = 0;
function encode(
  encoder: PictureEncoder,
  screen: PaintedScreen,
  rects: readonly Rect[],
  keyframe = false,
): EncodedPicture {
  clockUs += 16_667;
  return encoder.encode(screen.buffer, rects, { keyframe, timestampUs: clockUs });
}

function spsOf(picture: EncodedPicture) {
  const unit = nalUnits(picture.data).find(({ type }) => type === NalType.sps);
  if (unit === undefined) throw new Error("The picture carries no SPS.");
  return parseSps(picture.data.subarray(unit.start, unit.end));
}

const WHOLE = { x: 0, y: 0, width: 640, height: 360 };
const VARIANTS: [string, Partial<StreamSettings>][] = [
  ...ENCODER_PRESETS.map((preset): [string, Partial<StreamSettings>] => [preset, { preset }]),
  ...Object.entries(STREAM_PRESETS),
  ["no tune", { tune: "none", preset: "medium" }],
  ["crf 0", { crf: 0, bitrate: 100_000_000 }],
  ["4K at 120", { width: 3840, height: 2160, fps: 120 }],
];

describe.each(VARIANTS)("H.264 with %s", (_name, settings) => {
  test("gives every picture at once, and it shows what the screen shows", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen, settings);
    const decoder = decoderFor();
    // Strokes of one pixel are the hardest content there is; 6 dB are one bit of precision, or 6 steps of the crf.
    const leastPsnr = 47 - streamSettingsSchema.parse(settings).crf;
    for (let index = 0; index < 8; index += 1) {
      const rect = { x: 31 + index * 40, y: 17 + index * 20, width: 123, height: 71 };
      if (index % 2 === 0) screen.paintPage(rect);
      else screen.paintGradient(rect);
      const picture = encode(encoder, screen, [rect]);
      expect(picture.keyframe).toBe(index === 0);
      expect(picture.rects).toEqual([index === 0 ? WHOLE : rect]);
      const frame = decoder.decode(picture.data);
      expect([frame.width, frame.height]).toEqual([640, 360]);
      expect(lumaPsnr(frame, screen.buffer, rect)).toBeGreaterThan(leastPsnr);
      expect(lumaPsnr(frame, screen.buffer, WHOLE)).toBeGreaterThan(leastPsnr);
    }
  });

  test("promises in every keyframe's SPS that nothing is reordered, at the level of the settings", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen, settings);
    const all = streamSettingsSchema.parse(settings);
    const bufferBits = all.bitrate * 0.25;
    const levelIdc = smallestLevel({ ...all, bitrateBps: all.bitrate, bufferBits, refFrames: 1 });
    for (let index = 0; index < 3; index += 1) {
      const sps = spsOf(encode(encoder, screen, [WHOLE], true));
      expect(sps.vui?.bitstreamRestriction).toMatchObject({ maxNumReorderFrames: 0, maxDecFrameBuffering: 1 });
      expect(sps.maxNumRefFrames).toBe(1);
      expect(sps.levelIdc).toBe(levelIdc);
      expect(spsPictureSize(sps)).toEqual({ width: 640, height: 360 });
      expect(avcCodecString(sps)).toBe(encoder.codecString);
      expect(sps.vui?.videoSignal).toMatchObject({
        fullRange: false,
        colour: { primaries: 1, transfer: 1, matrix: 6 },
      });
    }
  });
});

describe("H.264", () => {
  test("makes a keyframe when asked, and only then", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen);
    encode(encoder, screen, [WHOLE]);
    for (let index = 1; index < 60; index += 1) {
      screen.paintPage(WHOLE);
      const picture = encode(encoder, screen, [WHOLE], index % 20 === 0);
      expect(picture.keyframe).toBe(index % 20 === 0);
      const types = nalUnits(picture.data).map(({ type }) => type);
      expect(types.includes(NalType.idrSlice)).toBe(picture.keyframe);
      // Nothing but the keyframe itself is needed to show it.
      if (picture.keyframe)
        expect(lumaPsnr(decoderFor().decode(picture.data), screen.buffer, WHOLE)).toBeGreaterThan(25);
    }
  });

  test("leaves alone what did not change", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen);
    const decoder = decoderFor();
    for (let index = 0; index < 5; index += 1)
      decoder.decode(encode(encoder, screen, [{ x: 0, y: 0, width: 1, height: 1 }]).data);
    const before = Buffer.from(framePlanes(decoder.decode(encode(encoder, screen, []).data))[0]);
    screen.paintPage({ x: 200, y: 100, width: 100, height: 60 });
    const frame = decoder.decode(encode(encoder, screen, [{ x: 200, y: 100, width: 100, height: 60 }]).data);
    const after = framePlanes(frame)[0];
    const stride = frame.linesize[0] as number;
    let inside = 0;
    let outside = 0;
    for (let y = 0; y < 360; y += 1) {
      for (let x = 0; x < 640; x += 1) {
        const difference = Math.abs((before[y * stride + x] as number) - (after[y * stride + x] as number));
        // Whole macroblocks are coded, and their edges are smoothed 3 pixels into their neighbours.
        if (x >= 192 - 3 && x < 304 + 3 && y >= 96 - 3 && y < 160 + 3) inside += difference;
        else outside += difference;
      }
    }
    // What is not the change itself is the encoder getting a little closer to the screen than it was.
    expect(outside).toBeLessThan(inside / 50);
  });

  test.each([
    [641, 360],
    [640, 361],
    [641, 361],
    [17, 17],
    [1366, 767],
  ])("covers the whole of an odd source of %ix%i", (width, height) => {
    const screen = new PaintedScreen(width, height);
    const encoder = encoderFor(screen, { crf: 12, bitrate: 200_000_000 });
    const decoder = decoderFor();
    expect([encoder.width, encoder.height]).toEqual([width + (width % 2), height + (height % 2)]);
    encode(encoder, screen, []);
    const corner = { x: width - 9, y: height - 9, width: 9, height: 9 };
    screen.fill(corner, 0x3060c0);
    const picture = encode(encoder, screen, [corner], true);
    expect(picture.rects).toEqual([{ x: 0, y: 0, width: encoder.width, height: encoder.height }]);
    const frame = decoder.decode(picture.data);
    expect([frame.width, frame.height]).toEqual([encoder.width, encoder.height]);
    expect(lumaPsnr(frame, screen.buffer, { x: 0, y: 0, width, height })).toBeGreaterThan(28);
    // The padding repeats the last column and row.
    expectColour(decodedPixel(frame, encoder.width - 1, encoder.height - 1), 0x3060c0);
    screen.fill(corner, 0xc06030);
    const next = encode(encoder, screen, [corner]);
    expect(next.rects).toEqual([
      { x: corner.x, y: corner.y, width: encoder.width - corner.x, height: encoder.height - corner.y },
    ]);
    expectColour(decodedPixel(decoder.decode(next.data), encoder.width - 1, encoder.height - 1), 0xc06030);
  });

  test.each([
    [1280, 720, 640, 400, 640, 360],
    [1281, 721, 640, 400, 640, 360],
    [720, 1280, 640, 400, 226, 400],
    [640, 360, 1920, 1080, 640, 360],
  ])("scales %ix%i into at most %ix%i: %ix%i", (sourceWidth, sourceHeight, maxWidth, maxHeight, width, height) => {
    const screen = new PaintedScreen(sourceWidth, sourceHeight);
    screen.paintGradient({ x: 0, y: 0, width: sourceWidth, height: sourceHeight });
    screen.fill({ x: sourceWidth - 100, y: sourceHeight - 100, width: 100, height: 100 }, 0x00a0ff);
    const encoder = encoderFor(screen, { width: maxWidth, height: maxHeight });
    expect([encoder.width, encoder.height]).toEqual([width, height]);
    const decoder = decoderFor();
    const frame = decoder.decode(encode(encoder, screen, []).data);
    for (const [fractionX, fractionY] of [
      [0.1, 0.1],
      [0.5, 0.5],
      [0.8, 0.3],
      [0.2, 0.9],
    ] as const) {
      const [x, y] = [Math.floor(width * fractionX), Math.floor(height * fractionY)];
      const colour = (Math.round(255 * fractionX) << 16) | (Math.round(255 * fractionY) << 8) | 0x80;
      expectColour(decodedPixel(frame, x, y), colour, 10);
    }
    expectColour(decodedPixel(frame, width - 2, height - 2), 0x00a0ff);
    const rect = { x: 100, y: 100, width: 50, height: 50 };
    screen.fill(rect, 0xff0000);
    const picture = encode(encoder, screen, [rect]);
    const shown = picture.rects[0] as Rect;
    const scale = width / sourceWidth;
    expect(shown.x).toBeLessThanOrEqual(100 * scale);
    expect(shown.x + shown.width).toBeGreaterThanOrEqual(150 * scale);
    expect(shown.width).toBeLessThanOrEqual(50 * scale + 5);
    expectColour(
      decodedPixel(decoder.decode(picture.data), Math.floor(125 * scale), Math.floor(125 * scale)),
      0xff0000,
      12,
    );
  });

  test("keeps codec string and level when only the source is smaller", () => {
    const strings = [
      [1920, 1080],
      [1024, 768],
      [320, 200],
    ].map(([width, height]) => encoderFor(new PaintedScreen(width as number, height as number)).codecString);
    expect(new Set(strings)).toEqual(new Set(["avc1.42c02a"]));
  });

  test("takes timestamps that stand still or go back", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen);
    const decoder = decoderFor();
    for (const timestampUs of [1e15, 1e15, 5, 5]) {
      decoder.decode(encoder.encode(screen.buffer, [], { keyframe: false, timestampUs }).data);
    }
  });

  test("refuses pixels of another size, and sources too small to convert", () => {
    const encoder = encoderFor(new PaintedScreen(640, 360));
    expect(() => encode(encoder, new PaintedScreen(640, 362), [])).toThrow(RangeError);
    expect(() => encoderFor(new PaintedScreen(15, 360))).toThrow(RangeError);
  });

  test("stays under its bitrate while everything changes all the time", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = encoderFor(screen, { bitrate: 2_000_000, fps: 30 });
    let bytes = 0;
    for (let index = 0; index < 90; index += 1) {
      screen.paintPage(WHOLE);
      bytes += encode(encoder, screen, [WHOLE]).data.length;
    }
    // Three seconds, and the quarter of a second that the rate buffer adds.
    expect(bytes * 8).toBeLessThan(2_000_000 * (3 + 0.25) * 1.1);
  });
});

describe("JPEG", () => {
  test.each([
    [640, 360],
    [641, 361],
    [17, 16],
  ])("shows a %ix%i screen whole, in its true colours", (width, height) => {
    const screen = new PaintedScreen(width, height);
    const encoder = encoderFor(screen, {}, "jpeg");
    expect(encoder).toMatchObject({ codec: "jpeg", codecString: "image/jpeg", width, height });
    const decoder = decoderFor("jpeg");
    const whole = { x: 0, y: 0, width, height };
    encode(encoder, screen, [whole]);
    for (const colour of [0xff0000, 0x00ff00, 0x0000ff, 0xffffff, 0x000000, 0x3060c0]) {
      const rect = { x: 0, y: 0, width: 16, height: 16 };
      screen.fill(rect, colour);
      const picture = encode(encoder, screen, [rect]);
      expect(picture).toMatchObject({ keyframe: true, rects: [whole] });
      expect([...picture.data.subarray(0, 3), ...picture.data.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xff, 0xd9]);
      const frame = decoder.decode(picture.data);
      expect([frame.width, frame.height]).toEqual([width, height]);
      expectColour(decodedPixel(frame, 7, 7), colour, 5);
      expect(lumaPsnr(frame, screen.buffer, whole)).toBeGreaterThan(30);
    }
  });

  test("is scaled like H.264", () => {
    const encoder = encoderFor(new PaintedScreen(1280, 720), { width: 320, height: 320 }, "jpeg");
    expect([encoder.width, encoder.height]).toEqual([320, 180]);
  });

  test("grows and gets better with its quality", () => {
    const screen = new PaintedScreen(640, 360);
    screen.paintGradient({ x: 0, y: 0, width: 300, height: 360 });
    const results = [10, 50, 80, 90, 100].map((jpegQuality) => {
      const { data } = encode(encoderFor(screen, { jpegQuality }, "jpeg"), screen, []);
      return { bytes: data.length, psnr: lumaPsnr(decoderFor("jpeg").decode(data), screen.buffer, WHOLE) };
    });
    for (let index = 1; index < results.length; index += 1) {
      expect(results[index]?.bytes).toBeGreaterThan(results[index - 1]?.bytes as number);
      expect(results[index]?.psnr).toBeGreaterThan(results[index - 1]?.psnr as number);
    }
    expect(results[2]?.psnr).toBeGreaterThan(34);
  });
});

test("H.264 shows solid colours as they are", () => {
  const screen = new PaintedScreen(640, 360);
  const encoder = encoderFor(screen, { crf: 16 });
  const decoder = decoderFor();
  for (const colour of [0xff0000, 0x00ff00, 0x0000ff, 0xffffff, 0x000000, 0x808080, 0x3060c0]) {
    screen.fill(WHOLE, colour);
    expectColour(decodedPixel(decoder.decode(encode(encoder, screen, [WHOLE], true).data), 320, 180), colour, 5);
  }
});

function expectColour(actual: readonly number[], rgb: number, tolerance = 8): void {
  const expected = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  for (let index = 0; index < 3; index += 1) {
    const difference = Math.abs((actual[index] as number) - (expected[index] as number));
    expect(difference, `${actual.map(Math.round)} instead of ${expected}`).toBeLessThanOrEqual(tolerance);
  }
}
