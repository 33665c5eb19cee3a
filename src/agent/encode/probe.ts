import { EnvironmentError } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Codec, StreamSettings } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import { openFirstEncoder } from "./first-encoder.ts";
import { H264_LADDER } from "./h264-ladder.ts";
import { LibavDecoder } from "./libav-decoder.ts";

/** Whether one encoder works here, found by encoding; `reason` says why not, `pictureMs` is one whole new picture. */
export type EncoderProbe = {
  readonly name: string;
  readonly codec: Codec;
  readonly ok: boolean;
  readonly reason: string;
  readonly openMs: number;
  readonly pictureMs: number | undefined;
};

/** Whether one decoder works here, found by decoding a picture that was just encoded. */
export type DecoderProbe = { readonly codec: Codec; readonly ok: boolean; readonly reason: string };

/** Tries every H.264 encoder and JPEG with pictures of the settings' size. Takes up to a few hundred milliseconds. */
export function probeEncoders(settings: StreamSettings): EncoderProbe[] {
  const pixels = testPicture(settings.width, settings.height);
  const probes = H264_LADDER.map(({ name }) => probeEncoder("h264", name, settings, pixels));
  return [...probes, probeEncoder("jpeg", "mjpeg", settings, pixels)];
}

/** Decodes an H.264 keyframe and a JPEG with libav, as the tests do; browsers bring their own decoders. */
export function probeDecoders(settings: StreamSettings): DecoderProbe[] {
  return (["h264", "jpeg"] as const).map((codec) => probeDecoder(codec, settings));
}

function probeEncoder(codec: Codec, name: string, settings: StreamSettings, picture: PixelBuffer): EncoderProbe {
  const startUs = monotonicUs();
  try {
    const encoder = openFirstEncoder({
      ...request(codec, settings, picture),
      ...(codec === "h264" ? { force: name } : {}),
    });
    const openMs = msSince(startUs);
    try {
      const encodeStartUs = monotonicUs();
      encoder.encode(picture, [], { keyframe: true, timestampUs: encodeStartUs });
      return { name, codec, ok: true, reason: "works", openMs, pictureMs: msSince(encodeStartUs) };
    } finally {
      encoder.close();
    }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { name, codec, ok: false, reason: error.message, openMs: msSince(startUs), pictureMs: undefined };
  }
}

function probeDecoder(codec: Codec, settings: StreamSettings): DecoderProbe {
  const picture = testPicture(640, 360);
  try {
    const encoder = openFirstEncoder({ ...request(codec, { ...settings, hardware: false }, picture) });
    try {
      const decoder = new LibavDecoder(codec === "h264" ? "h264" : "mjpeg");
      try {
        const frame = decoder.decode(encoder.encode(picture, [], { keyframe: true, timestampUs: 0 }).data);
        const ok = frame.width === encoder.width && frame.height === encoder.height;
        return { codec, ok, reason: ok ? "works" : `gives a picture of ${frame.width}x${frame.height}` };
      } finally {
        decoder.close();
      }
    } finally {
      encoder.close();
    }
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { codec, ok: false, reason: error.message };
  }
}

function request(codec: Codec, settings: StreamSettings, { width, height }: PixelBuffer) {
  return { codec, settings, sourceWidth: width, sourceHeight: height };
}

/** A picture with edges in it, so that encoding takes about as long as for a screen. */
function testPicture(width: number, height: number): PixelBuffer {
  const words = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) words[y * width + x] = ((x >> 3) ^ (y >> 4)) % 5 === 0 ? 0x202020 : 0xf0f0f0;
  }
  return { pixels: new Uint8Array(words.buffer), strideBytes: width * 4, width, height };
}

function msSince(startUs: number): number {
  return (monotonicUs() - startUs) / 1000;
}
