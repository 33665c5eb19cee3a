import {
  AVCHROMA_LOC_CENTER,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_TRC_BT709,
  type Frame,
} from "node-av";
import { type Rect, Scope } from "../../base/index.ts";
import { avcCodecString, rewriteAccessUnit, smallestLevel } from "../../codecs/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { StreamSettings } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { EncodedPicture, EncoderLimits, PictureEncoder } from "./encoder.ts";
import { FrameConverter } from "./frame-converter.ts";
import { type LadderEntry, missingHardware } from "./h264-ladder.ts";
import { rateLimit, tunings } from "./h264-tuning.ts";
import { encoderFailure } from "./libav.ts";
import { type ColourTags, LibavEncoder, type LibavEncoderSpec, type RateLimit } from "./libav-encoder.ts";
import { changedRects, checkSourceSize } from "./picture-change.ts";
import { pictureSize, type Size } from "./picture-size.ts";
import { PixelConverter } from "./pixel-converter.ts";

/** swscale converts by BT.601; primaries and transfer are those of the screen, sRGB's, which BT.709 is nearest to. */
const COLOUR: ColourTags = {
  range: AVCOL_RANGE_MPEG,
  matrix: AVCOL_SPC_SMPTE170M,
  primaries: AVCOL_PRI_BT709,
  transfer: AVCOL_TRC_BT709,
  chromaLocation: AVCHROMA_LOC_CENTER,
};

/** A source, the settings of its rung, and the step of the ladder to use. */
export type H264EncoderOptions = {
  readonly entry: LadderEntry;
  readonly source: Size;
  readonly settings: StreamSettings;
  /** What pictures may take at first, within the settings. */
  readonly limits?: EncoderLimits;
  readonly reason: string;
};

/** H.264 by one encoder of libav. Every keyframe's SPS promises that nothing is reordered, at a pinned level. */
export class H264Encoder implements PictureEncoder {
  readonly codec = "h264";
  readonly encoder: string;
  readonly reason: string;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly #entry: LadderEntry;
  readonly #source: Size;
  readonly #settings: StreamSettings;
  readonly #levelIdc: number;
  readonly #scope = new Scope();
  readonly #libav: LibavEncoder;
  readonly #converter: PixelConverter;
  readonly #frames: FrameConverter;
  #pictures = 0;

  /**
   * Opens the encoder and really encodes one grey picture, from which the codec string is read. Throws EnvironmentError
   * with the reason when that does not work.
   */
  constructor({ entry, source, settings, limits, reason }: H264EncoderOptions) {
    const missing = missingHardware(entry.encoder);
    if (missing !== undefined) throw encoderFailure(missing);
    const size = pictureSize(source, sizeLimit(settings, limits), true);
    this.encoder = entry.name;
    this.reason = reason;
    this.width = size.width;
    this.height = size.height;
    this.#entry = entry;
    this.#source = source;
    this.#settings = settings;
    this.#levelIdc = pinnedLevel(settings);
    const rate = limits === undefined ? rateLimit(settings) : rateWithin(settings, limits);
    const opened = openFirst(entry, size, settings, rate, this.#levelIdc);
    this.codecString = opened.codecString;
    this.#libav = this.#scope.add(opened.libav);
    this.#converter = this.#scope.add(new PixelConverter(source, size, opened.spec.pixelFormat));
    this.#frames = this.#scope.add(new FrameConverter());
  }

  encode(
    picture: PixelBuffer | Frame,
    rects: readonly Rect[],
    { keyframe, timestampUs }: { keyframe: boolean; timestampUs: number },
  ): EncodedPicture {
    checkSourceSize(picture, this.#source);
    const first = this.#pictures === 0;
    this.#pictures += 1;
    if (this.#pictures === this.#entry.failAtPicture) throw encoderFailure(`${this.encoder} failed as it was told to`);
    const startUs = monotonicUs();
    const frame = this.#libav.writableFrame();
    if ("pixels" in picture) this.#converter.convert(picture, first ? undefined : rects, frame);
    else this.#frames.convert(picture, frame);
    const convertedUs = monotonicUs();
    const compressed = this.#libav.compress(keyframe || first, timestampUs);
    const data = compressed.keyframe ? rewriteAccessUnit(compressed.data, this.#levelIdc).data : compressed.data;
    return {
      data,
      keyframe: compressed.keyframe,
      rects: compressed.keyframe
        ? [{ x: 0, y: 0, width: this.width, height: this.height }]
        : changedRects(rects, this.#source, this),
      convertUs: convertedUs - startUs,
      encodeUs: monotonicUs() - convertedUs,
    };
  }

  /** Whether this runs on the CPU: opening another one is cheap then, and every macroblock costs. */
  get isSoftware(): boolean {
    return this.#entry.encoder === "libx264";
  }

  /** Changes the rate from the next picture on. Returns false where the encoder has to be opened anew for that. */
  setRate(limits: EncoderLimits): boolean {
    if (!this.isSoftware) return false;
    this.#libav.setRate(rateWithin(this.#settings, limits));
    return true;
  }

  close(): void {
    this.#scope.close();
  }
}

function sizeLimit(settings: StreamSettings, limits: EncoderLimits | undefined): Size {
  if (limits === undefined) return settings;
  return { width: Math.min(settings.width, limits.videoWidth), height: Math.min(settings.height, limits.videoHeight) };
}

/**
 * The encoder counts time in pictures of the rate that it was opened with. With fewer pictures a second each of them may
 * take more, which a higher cap says.
 */
function rateWithin(settings: StreamSettings, limits: EncoderLimits): RateLimit {
  const { bitrateBps, bufferBits } = rateLimit({ ...settings, bitrate: limits.bitrate, fps: limits.fps });
  return { bitrateBps: Math.round((bitrateBps * settings.fps) / limits.fps), bufferBits };
}

/** The level for the largest picture and rate that the settings allow, so that a smaller source does not change it. */
function pinnedLevel(settings: StreamSettings): number {
  const { width, height, fps } = settings;
  return smallestLevel({ width, height, fps, ...rateLimit(settings), refFrames: 1 });
}

type Opened = { readonly libav: LibavEncoder; readonly spec: LibavEncoderSpec; readonly codecString: string };

function openFirst(
  entry: LadderEntry,
  size: Size,
  settings: StreamSettings,
  rate: RateLimit,
  levelIdc: number,
): Opened {
  let failure: unknown;
  for (const tuning of tunings(entry.encoder, settings)) {
    const spec: LibavEncoderSpec = { name: entry.encoder, size, fps: settings.fps, colour: COLOUR, rate, ...tuning };
    try {
      return openOne(spec, levelIdc);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function openOne(spec: LibavEncoderSpec, levelIdc: number): Opened {
  const libav = new LibavEncoder(spec);
  try {
    const probe = libav.compress(true, 0);
    if (!probe.keyframe) throw encoderFailure("its first picture is no keyframe");
    return { libav, spec, codecString: avcCodecString(rewriteAccessUnit(probe.data, levelIdc).sps) };
  } catch (error) {
    libav.close();
    throw error;
  }
}
