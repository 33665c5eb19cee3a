import { EnvironmentError } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Codec, StreamSettings } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { PictureEncoder } from "./encoder.ts";
import { H264Encoder } from "./h264-encoder.ts";
import { H264_LADDER } from "./h264-ladder.ts";
import { JpegEncoder } from "./jpeg-encoder.ts";
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
  const picture = testPicture(settings.width, settings.height);
  const probes = H264_LADDER.map((entry) => {
    const open = (): PictureEncoder => new H264Encoder({ entry, source: picture, settings, reason: "probe" });
    return probeEncoder("h264", entry.name, picture, open);
  });
  return [...probes, probeEncoder("jpeg", "mjpeg", picture, () => new JpegEncoder(picture, settings))];
}

/** Decodes an H.264 keyframe and a JPEG with libav, as the tests do; browsers bring their own decoders. */
export function probeDecoders(settings: StreamSettings): DecoderProbe[] {
  const source = testPicture(640, 360);
  const entry = { name: "libx264", encoder: "libx264" } as const;
  return [
    probeDecoder("h264", "h264", source, () => new H264Encoder({ entry, source, settings, reason: "probe" })),
    probeDecoder("jpeg", "mjpeg", source, () => new JpegEncoder(source, settings)),
  ];
}

function probeEncoder(codec: Codec, name: string, picture: PixelBuffer, open: () => PictureEncoder): EncoderProbe {
  const startUs = monotonicUs();
  try {
    const encoder = open();
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

function probeDecoder(codec: Codec, name: string, picture: PixelBuffer, open: () => PictureEncoder): DecoderProbe {
  try {
    const encoder = open();
    try {
      const { data } = encoder.encode(picture, [], { keyframe: true, timestampUs: 0 });
      const decoder = new LibavDecoder(name);
      try {
        const { width, height } = decoder.decode(data);
        const ok = width === encoder.width && height === encoder.height;
        return { codec, ok, reason: ok ? "works" : `gives a picture of ${width}x${height}` };
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
