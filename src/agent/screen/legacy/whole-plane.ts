import type { Rect } from "../../../base/index.ts";
import {
  averageBlocks,
  encodeRle,
  enlarge,
  JSON_FRAME,
  type LegacySource,
  letterbox,
  maxRleBytes,
  RGB_HEADER_BYTES,
  RGBA_HEADER_BYTES,
  SEED_HEADER_BYTES,
  writeRgb,
  writeRgba,
  writeRgbaHeader,
  writeRgbHeader,
  writeSeedHeader,
} from "../../../codecs/legacy-kvm/index.ts";
import type { RungBudget } from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { PictureSink, Plane } from "../plane.ts";
import { legacySource } from "./legacy-source.ts";

const COARSE_EDGE = 4;

/** In emergency a picture at rest becomes exact after this long, or as long as its exact bytes take if that is longer. */
const REST_US = 500_000;

/** One that would take longer than this is left coarse: what changes meanwhile would wait for it. */
const MAX_EXACT_US = 5_000_000;

/** Such a coarse one is repeated now and then, since a still screen tells nobody that the connection is better now. */
const REPEAT_US = 1_000_000;
const REPEAT_SHARE = 1 / 4;

/** About what a pixel takes; a screen's run lengths are many pixels long. */
const BYTES_PER_PIXEL: Readonly<Record<WholeCodec, number>> = { "kvm-rgba": 4, "kvm-json": 4, "kvm-rle": 1.25 };

/** The wires of which every picture is whole. */
export type WholeCodec = "kvm-rle" | "kvm-rgba" | "kvm-json";

/** What the plane makes. */
export type WholePlaneOptions = {
  readonly codec: WholeCodec;
  /** Of the first picture. Run lengths keep it, since the client cannot follow a change; raw pictures have their own size. */
  readonly width: number;
  readonly height: number;
  /** A larger source is made smaller by whole blocks. */
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly nowUs: () => number;
};

/**
 * Whole pictures of the legacy wire: run lengths, raw RGBA, or raw RGB inside JSON. With few bytes to spend they are the
 * averages of 4x4 blocks: raw pictures of a quarter of the width and height, run lengths four pixels at a time.
 */
export class WholePlane implements Plane {
  readonly width: number;
  readonly height: number;
  readonly #options: WholePlaneOptions;
  #budget: RungBudget | undefined;
  #shownCoarse = false;
  #shownUs = 0;
  #frame = 0;
  #bytes = new Uint8Array(0);

  constructor(options: WholePlaneOptions) {
    this.#options = options;
    this.width = options.width;
    this.height = options.height;
  }

  setBudget(budget: RungBudget): void {
    this.#budget = budget;
  }

  encode(
    buffer: PixelBuffer,
    _rects: readonly Rect[],
    { nowUs }: { keyframe: boolean; nowUs: number },
    sink: PictureSink,
  ): void {
    this.#send(buffer, this.#budget?.coarse ?? false, nowUs, sink);
  }

  /** A coarse picture becomes exact as soon as it may, or when it rests and there are bytes for that. */
  refineUs(): number {
    if (!this.#shownCoarse) return Number.POSITIVE_INFINITY;
    if (this.#budget?.coarse !== true) return 0;
    const exactUs = this.#exactUs(this.#budget);
    const repeatUs = exactUs / COARSE_EDGE ** 2 / REPEAT_SHARE;
    const restUs = exactUs > MAX_EXACT_US ? Math.max(REPEAT_US, repeatUs) : Math.max(REST_US, exactUs);
    return this.#shownUs + restUs;
  }

  refine(buffer: PixelBuffer, nowUs: number, sink: PictureSink): void {
    const budget = this.#budget;
    this.#send(buffer, budget?.coarse === true && this.#exactUs(budget) > MAX_EXACT_US, nowUs, sink);
  }

  close(): void {}

  /** How long an exact picture takes at the bit rate. */
  #exactUs({ bitrate }: RungBudget): number {
    return (this.width * this.height * BYTES_PER_PIXEL[this.#options.codec] * 8e6) / bitrate;
  }

  #send(buffer: PixelBuffer, coarse: boolean, nowUs: number, sink: PictureSink): void {
    const startUs = this.#options.nowUs();
    const payload = this.#message(legacySource(buffer), coarse);
    this.#shownCoarse = coarse;
    this.#shownUs = nowUs;
    sink({
      ...{ kind: "kvm", keyframe: true, intra: false },
      rects: [{ x: 0, y: 0, width: this.width, height: this.height }],
      payload,
      convertUs: 0,
      encodeUs: this.#options.nowUs() - startUs,
    });
  }

  #message(source: LegacySource, coarse: boolean): Uint8Array {
    const { codec, maxWidth, maxHeight } = this.#options;
    this.#frame += 1;
    const least = Math.max(1, Math.ceil(source.width / maxWidth), Math.ceil(source.height / maxHeight));
    const edge = coarse ? least * COARSE_EDGE : least;
    const picture = edge === 1 ? source : averageBlocks(source, edge);
    if (codec === "kvm-rgba") return this.#rgba(picture);
    if (codec === "kvm-json") return this.#json(picture);
    const full = edge === 1 ? source : enlarge(picture, edge, source.width, source.height);
    return this.#rle(letterbox(full, this.width, this.height));
  }

  #rle(picture: LegacySource): Uint8Array {
    const { width, height } = picture;
    this.#reserve(SEED_HEADER_BYTES + maxRleBytes(width * height));
    const end = encodeRle(picture, this.#bytes, SEED_HEADER_BYTES, Number.POSITIVE_INFINITY);
    const payloadBytes = end - SEED_HEADER_BYTES;
    writeSeedHeader(this.#bytes, 0, { keyframe: true, width, height, frame: this.#frame, payloadBytes });
    return this.#bytes.subarray(0, end);
  }

  #rgba(picture: LegacySource): Uint8Array {
    const { width, height } = picture;
    const payloadBytes = width * height * 4;
    this.#reserve(RGBA_HEADER_BYTES + payloadBytes);
    writeRgbaHeader(this.#bytes, 0, { width, height, frame: this.#frame, payloadBytes });
    writeRgba(picture, this.#bytes, RGBA_HEADER_BYTES);
    return this.#bytes.subarray(0, RGBA_HEADER_BYTES + payloadBytes);
  }

  /** The message's text, in ASCII. */
  #json(picture: LegacySource): Uint8Array {
    const { width, height } = picture;
    const payloadBytes = width * height * 3;
    this.#reserve(RGB_HEADER_BYTES + payloadBytes);
    writeRgbHeader(this.#bytes, 0, { width, height, payloadBytes });
    writeRgb(picture, this.#bytes, RGB_HEADER_BYTES);
    const data = Buffer.from(this.#bytes.buffer, 0, RGB_HEADER_BYTES + payloadBytes).toString("base64");
    return Buffer.from(`${JSON_FRAME.prefix}${data}${JSON_FRAME.suffix}`, "latin1");
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(bytes);
  }
}
