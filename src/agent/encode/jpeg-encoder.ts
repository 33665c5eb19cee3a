import {
  AV_PIX_FMT_YUVJ444P,
  AVCHROMA_LOC_CENTER,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_TRC_BT709,
  type Frame,
} from "node-av";
import { type Rect, Scope } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { StreamSettings } from "../../protocol/index.ts";
import type { PixelBuffer } from "../capture/capturer.ts";
import type { EncodedPicture, PictureEncoder } from "./encoder.ts";
import { FrameConverter } from "./frame-converter.ts";
import { type ColourTags, LibavEncoder } from "./libav-encoder.ts";
import { checkSourceSize } from "./picture-change.ts";
import { pictureSize, type Size } from "./picture-size.ts";
import { PixelConverter } from "./pixel-converter.ts";

/** JFIF: BT.601 over the full range. */
const COLOUR: ColourTags = {
  range: AVCOL_RANGE_JPEG,
  matrix: AVCOL_SPC_SMPTE170M,
  primaries: AVCOL_PRI_BT709,
  transfer: AVCOL_TRC_BT709,
  chromaLocation: AVCHROMA_LOC_CENTER,
};
/** Name of the JPEG encoder. */
export const JPEG_ENCODER = "mjpeg";

const PIXEL_FORMAT = AV_PIX_FMT_YUVJ444P;
const LAMBDA_PER_SCALE = 118;
const MAX_SCALE = 31;

/** A whole JPEG for every picture, for browsers without WebCodecs. Odd sizes stay as they are. */
export class JpegEncoder implements PictureEncoder {
  readonly codec = "jpeg";
  readonly encoder = JPEG_ENCODER;
  readonly reason = "the only JPEG encoder";
  readonly codecString = "image/jpeg";
  readonly width: number;
  readonly height: number;
  readonly #source: Size;
  readonly #scope = new Scope();
  readonly #libav: LibavEncoder;
  readonly #converter: PixelConverter;
  readonly #frames: FrameConverter;
  #started = false;

  /** Opens the encoder and really encodes one grey picture. Throws EnvironmentError when that does not work. */
  constructor(source: Size, settings: StreamSettings) {
    const size = pictureSize(source, settings, false);
    this.width = size.width;
    this.height = size.height;
    this.#source = source;
    this.#libav = this.#scope.add(
      new LibavEncoder({
        name: JPEG_ENCODER,
        size,
        fps: settings.fps,
        pixelFormat: PIXEL_FORMAT,
        colour: COLOUR,
        options: { huffman: "optimal" },
        threads: 1,
        quality: quantizerScale(settings.jpegQuality) * LAMBDA_PER_SCALE,
      }),
    );
    this.#converter = this.#scope.add(new PixelConverter(source, size, PIXEL_FORMAT));
    this.#frames = this.#scope.add(new FrameConverter());
    try {
      this.#libav.compress(true, 0);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  encode(
    picture: PixelBuffer | Frame,
    rects: readonly Rect[],
    { timestampUs }: { timestampUs: number },
  ): EncodedPicture {
    checkSourceSize(picture, this.#source);
    const startUs = monotonicUs();
    const frame = this.#libav.writableFrame();
    if ("pixels" in picture) this.#converter.convert(picture, this.#started ? rects : undefined, frame);
    else this.#frames.convert(picture, frame);
    this.#started = true;
    const convertedUs = monotonicUs();
    const { data } = this.#libav.compress(true, timestampUs);
    return {
      data,
      keyframe: true,
      rects: [{ x: 0, y: 0, width: this.width, height: this.height }],
      convertUs: convertedUs - startUs,
      encodeUs: monotonicUs() - convertedUs,
    };
  }

  close(): void {
    this.#scope.close();
  }
}

/** libav's quantizer scale for a JPEG quality of 1 to 100, by the scaling of the IJG's tables (8 is quality 50). */
export function quantizerScale(quality: number): number {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return Math.min(MAX_SCALE, Math.max(1, Math.round((8 * percent) / 100)));
}
