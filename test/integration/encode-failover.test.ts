import { afterEach, describe, expect, test } from "vitest";
import {
  type EncoderSwitch,
  H264_LADDER,
  openEncoder,
  probeDecoders,
  probeEncoders,
} from "../../dist/agent/encode/index.js";
import { LibavDecoder } from "../../dist/agent/encode/libav-decoder.js";
import { EnvironmentError } from "../../dist/base/index.js";
import { streamSettingsSchema } from "../../dist/protocol/index.js";
import { lumaPsnr, PaintedScreen } from "../support/painted-screen.js";

const settings = streamSettingsSchema.parse({});
const request = { codec: "h264", settings, sourceWidth: 640, sourceHeight: 360 } as const;
const WHOLE = { x: 0, y: 0, width: 640, height: 360 };
const FRAGILE = { name: "h264_fragile", encoder: "libx264", failAtPicture: 4 } as const;
const STURDY = { name: "libx264", encoder: "libx264" } as const;

const open: Array<{ close(): void }> = [];
afterEach(() => {
  for (const resource of open.splice(0)) resource.close();
});
function keep<T extends { close(): void }>(resource: T): T {
  open.push(resource);
  return resource;
}

describe("when an encoder fails", () => {
  test("the next one encodes the same picture as a keyframe, and the decoder goes on", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = keep(openEncoder({ ...request, ladder: [FRAGILE, STURDY] }));
    const decoder = keep(new LibavDecoder("h264"));
    const switches: EncoderSwitch[] = [];
    encoder.onSwitch((value) => switches.push(value));
    expect(encoder).toMatchObject({ encoder: "h264_fragile", reason: "first choice" });
    for (let index = 1; index <= 8; index += 1) {
      const rect = { x: 40 * index, y: 20 * index, width: 60, height: 50 };
      screen.paintPage(rect);
      const picture = encoder.encode(screen.buffer, [rect], { keyframe: false, timestampUs: index * 16_667 });
      expect(picture.keyframe).toBe(index === 1 || index === 4);
      expect(picture.rects).toEqual([picture.keyframe ? WHOLE : rect]);
      expect(lumaPsnr(decoder.decode(picture.data), screen.buffer, WHOLE)).toBeGreaterThan(25);
      expect(switches.length).toBe(index < 4 ? 0 : 1);
    }
    expect(switches).toEqual([
      { from: "h264_fragile", to: "libx264", reason: "h264_fragile failed as it was told to" },
    ]);
    expect(encoder).toMatchObject({
      encoder: "libx264",
      reason: "h264_fragile: failed before",
      width: 640,
      height: 360,
    });
  });

  test("twice in a row, each is replaced once", () => {
    const screen = new PaintedScreen(640, 360);
    const second = { name: "h264_second", encoder: "libx264", failAtPicture: 1 } as const;
    const encoder = keep(openEncoder({ ...request, ladder: [FRAGILE, second, STURDY] }));
    const switches: EncoderSwitch[] = [];
    encoder.onSwitch((value) => switches.push(value));
    for (let index = 1; index <= 6; index += 1)
      encoder.encode(screen.buffer, [], { keyframe: false, timestampUs: index });
    expect(switches.map(({ from, to }) => [from, to])).toEqual([
      ["h264_fragile", "h264_second"],
      ["h264_second", "libx264"],
    ]);
  });

  test("and none is left, the error names them all", () => {
    const screen = new PaintedScreen(640, 360);
    const encoder = keep(openEncoder({ ...request, ladder: [{ ...FRAGILE, failAtPicture: 1 }] }));
    const encode = () => encoder.encode(screen.buffer, [], { keyframe: false, timestampUs: 1 });
    expect(encode).toThrow(EnvironmentError);
    expect(encode).toThrow(/h264_fragile/);
  });

  test("a misuse is not taken for a failure", () => {
    const encoder = keep(openEncoder({ ...request, ladder: [FRAGILE, STURDY] }));
    const other = new PaintedScreen(320, 200);
    expect(() => encoder.encode(other.buffer, [], { keyframe: false, timestampUs: 1 })).toThrow(RangeError);
    expect(encoder.encoder).toBe("h264_fragile");
  });
});

describe("the ladder", () => {
  test("says of each encoder that was passed over why", () => {
    const encoder = keep(openEncoder(request));
    const position = H264_LADDER.findIndex(({ name }) => name === encoder.encoder);
    for (const { name } of H264_LADDER.slice(0, position)) expect(encoder.reason).toMatch(new RegExp(`${name}: .+`));
  });

  test("leaves hardware out when it is switched off", () => {
    const encoder = keep(openEncoder({ ...request, settings: { ...settings, hardware: false } }));
    expect(encoder).toMatchObject({ encoder: "libx264", reason: "hardware is switched off" });
  });

  test("uses the encoder it is told to, or says why it cannot", () => {
    expect(keep(openEncoder({ ...request, force: "libx264" }))).toMatchObject({ reason: "chosen by configuration" });
    expect(() => openEncoder({ ...request, force: "h264_videotoolbox" })).toThrow(EnvironmentError);
    expect(() => openEncoder({ ...request, force: "h265" })).toThrow(RangeError);
  });

  test("skips what it is told to skip", () => {
    expect(() => openEncoder({ ...request, skip: H264_LADDER.map(({ name }) => name) })).toThrow(
      /libx264: failed before/,
    );
    expect(() => openEncoder({ ...request, codec: "jpeg", skip: ["mjpeg"] })).toThrow(EnvironmentError);
  });
});

describe("probing", () => {
  test("really encodes with each encoder, and tells why one does not work", () => {
    const probes = probeEncoders({ ...settings, width: 640, height: 360 });
    expect(probes.map(({ name }) => name)).toEqual([...H264_LADDER.map(({ name }) => name), "mjpeg"]);
    for (const probe of probes) {
      expect(probe.reason).not.toBe("");
      expect(probe.ok).toBe(probe.pictureMs !== undefined);
    }
    expect(probes.filter(({ name }) => name === "libx264" || name === "mjpeg")).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
  });

  test("really decodes H.264 and JPEG", () => {
    expect(probeDecoders(settings)).toEqual([
      { codec: "h264", ok: true, reason: "works" },
      { codec: "jpeg", ok: true, reason: "works" },
    ]);
  });
});
