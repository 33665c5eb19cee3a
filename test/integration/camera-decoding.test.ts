import { existsSync } from "node:fs";
import {
  AV_CODEC_ID_H264,
  AV_HWDEVICE_TYPE_CUDA,
  AV_HWDEVICE_TYPE_VAAPI,
  AV_PIX_FMT_CUDA,
  AV_PIX_FMT_VAAPI,
  Codec,
  Packet,
} from "node-av";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HardwareDecoding } from "../../dist/agent/camera/decode/hardware-decoding.js";
import { PictureDecoder } from "../../dist/agent/camera/decode/picture-decoder.js";
import { openEncoder } from "../../dist/agent/encode/index.js";
import { streamSettingsSchema } from "../../dist/protocol/index.js";
import { PaintedScreen } from "../support/painted-screen.js";

const SIZE = { width: 320, height: 240 };
/** Pictures from one keyframe to the next. */
const GROUP = 5;

let stream: Uint8Array[];
let decoder: PictureDecoder | undefined;

beforeEach(() => {
  const screen = new PaintedScreen(SIZE.width, SIZE.height);
  const settings = streamSettingsSchema.parse({ hardware: false });
  const encoder = openEncoder({ codec: "h264", settings, sourceWidth: SIZE.width, sourceHeight: SIZE.height });
  stream = Array.from({ length: 4 * GROUP }, (_, index) => {
    const rect = { x: 8 * index, y: 4 * index, width: 50, height: 40 };
    screen.paintPage(rect);
    const options = { keyframe: index % GROUP === 0, timestampUs: index * 40_000 };
    return encoder.encode(screen.buffer, [rect], options).data.slice();
  });
  encoder.close();
});

afterEach(() => decoder?.close());

function open(candidates: readonly HardwareDecoding[], hardware = true): PictureDecoder {
  const codec = Codec.findDecoder(AV_CODEC_ID_H264);
  if (codec === null) throw new Error("no H.264");
  decoder = new PictureDecoder({ codec, hardware, lowDelay: true, candidates });
  return decoder;
}

/** Which pictures of the stream come out; those that fail are told by their error. */
function decodeAll(decoding: PictureDecoder): string[] {
  const packet = new Packet();
  packet.alloc();
  try {
    return stream.map((data) => {
      packet.unref();
      packet.data = Buffer.from(data);
      try {
        const frames = decoding.decode(packet);
        const sizes = frames.map(({ width, height }) => `${width}x${height}`);
        for (const frame of frames) frame.free();
        return sizes.join();
      } catch (error) {
        return (error as Error).message;
      }
    });
  } finally {
    packet.free();
  }
}

const DECODED = `${SIZE.width}x${SIZE.height}`;

const ABSENT: HardwareDecoding = existsSync("/dev/nvidiactl")
  ? { name: "vaapi", device: { type: AV_HWDEVICE_TYPE_VAAPI, pixelFormat: AV_PIX_FMT_VAAPI } }
  : { name: "cuda", device: { type: AV_HWDEVICE_TYPE_CUDA, pixelFormat: AV_PIX_FMT_CUDA } };

test("hardware that cannot be opened is passed over at the start, and the reason is told", () => {
  const chosen = open([ABSENT]);
  expect(chosen.description).toMatch(new RegExp(`^software \\(${ABSENT.name}: Opening ${ABSENT.name} failed: `));
  expect(decodeAll(chosen)).toEqual(stream.map(() => DECODED));
});

test("a decoder that fails while it runs is replaced, and pictures are whole again from the next keyframe on", () => {
  const fragile = { name: "fragile", device: undefined, failAtPacket: 4 };
  const chosen = open([fragile, { ...fragile, name: "second", failAtPacket: 1 }]);
  expect(chosen.description).toBe("fragile");
  const told = decodeAll(chosen);
  expect(chosen.description).toBe(
    "software (fragile: It failed as it was told to; second: It failed as it was told to)",
  );
  expect(told.slice(0, 3)).toEqual([DECODED, DECODED, DECODED]);
  // Three failures in a row for each of the two.
  const recovered = 2 * GROUP;
  expect(told.slice(recovered)).toEqual(stream.slice(recovered).map(() => DECODED));
});

test("a damaged packet alone does not replace a decoder, and without hardware none is tried", () => {
  stream[7] = new Uint8Array([0, 0, 0, 1, 0x65, 0xff]);
  const chosen = open([{ name: "sturdy", device: undefined }]);
  decodeAll(chosen);
  expect(chosen.description).toBe("sturdy");
  chosen.close();
  expect(open([ABSENT], false).description).toBe("software (hardware is switched off)");
});
