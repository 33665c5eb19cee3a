import { describeError, EnvironmentError } from "../../base/index.ts";
import type { Codec, StreamSettings } from "../../protocol/index.ts";
import type { EncoderLimits, PictureEncoder } from "./encoder.ts";
import { H264Encoder } from "./h264-encoder.ts";
import { H264_LADDER, type LadderEntry } from "./h264-ladder.ts";
import { JPEG_ENCODER, JpegEncoder } from "./jpeg-encoder.ts";
import type { Size } from "./picture-size.ts";

/** What to encode, and which encoders may do it. Plain data, so that it can travel to a worker thread. */
export type EncoderOptions = {
  readonly codec: Codec;
  readonly settings: StreamSettings;
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  /** What pictures may take now, within the settings; all that these allow when left out. */
  readonly limits?: EncoderLimits;
  /** Use the encoder of this name and no other one. */
  readonly force?: string;
  /** Names of encoders to pass over, because they failed before. */
  readonly skip?: readonly string[];
  /** The encoders in the order to try them; {@link H264_LADDER} unless a test says otherwise. */
  readonly ladder?: readonly LadderEntry[];
};

/**
 * Opens the first encoder that really encodes a picture. Takes about 10 to 20 ms for 1920x1080 with x264, plus some
 * milliseconds for each hardware encoder that is present and fails; one whose device is absent costs nothing. Throws
 * EnvironmentError with every reason when none works, and RangeError when `force` names no encoder.
 */
export function openFirstEncoder(options: EncoderOptions): PictureEncoder {
  const source = { width: options.sourceWidth, height: options.sourceHeight };
  if (options.codec === "jpeg") return openJpeg(source, options);
  const passedOver: string[] = [];
  for (const entry of candidates(options)) {
    const excluded = exclusion(entry, options);
    if (excluded !== undefined) {
      passedOver.push(`${entry.name}: ${excluded}`);
      continue;
    }
    try {
      const reason = reasonFor(options, passedOver);
      const { settings, limits } = options;
      return new H264Encoder({ entry, source, settings, reason, ...(limits === undefined ? {} : { limits }) });
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      passedOver.push(`${entry.name}: ${error.message}`);
    }
  }
  throw new EnvironmentError(
    `No H.264 encoder works here (${passedOver.join("; ")}).`,
    "Let the program choose the encoder, or watch with JPEG.",
  );
}

function openJpeg(source: Size, { settings, skip, limits }: EncoderOptions): PictureEncoder {
  const size = limits === undefined ? {} : { width: limits.videoWidth, height: limits.videoHeight };
  if (skip?.includes(JPEG_ENCODER) !== true) return new JpegEncoder(source, { ...settings, ...size });
  throw new EnvironmentError("The only JPEG encoder failed before.", "Watch with H.264.");
}

function candidates({ ladder = H264_LADDER, force }: EncoderOptions): readonly LadderEntry[] {
  if (force === undefined) return ladder;
  const forced = ladder.filter(({ name }) => name === force);
  if (forced.length > 0) return forced;
  throw new RangeError(`There is no encoder "${force}"; choose one of ${ladder.map(({ name }) => name).join(", ")}.`);
}

function exclusion(entry: LadderEntry, { skip, force, settings }: EncoderOptions): string | undefined {
  if (skip?.includes(entry.name) === true) return "failed before";
  if (force === undefined && !settings.hardware && entry.encoder !== "libx264") return "hardware is switched off";
  return undefined;
}

function reasonFor({ force, settings, skip }: EncoderOptions, passedOver: readonly string[]): string {
  if (force !== undefined) return "chosen by configuration";
  if (!settings.hardware && skip === undefined) return "hardware is switched off";
  return passedOver.length === 0 ? "first choice" : passedOver.join("; ");
}

/** Opens the next encoder after `failed` failed, passing over `options.skip` as well. Throws when none is left. */
export function openNextEncoder(options: EncoderOptions, failed: PictureEncoder): PictureEncoder {
  try {
    return openFirstEncoder({ ...options, skip: [...(options.skip ?? []), failed.encoder] });
  } catch (cause) {
    throw new EnvironmentError(
      `${failed.encoder} failed and nothing can take over. ${describeError(cause)}`,
      "Restart the source; `sightline doctor` shows which encoders work.",
      { cause },
    );
  }
}
