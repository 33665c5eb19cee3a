import { availableParallelism } from "node:os";
import { AV_PIX_FMT_NV12, AV_PIX_FMT_YUV420P, type AVPixelFormat } from "node-av";
import { ENCODER_PRESETS, type StreamSettings } from "../../protocol/index.ts";
import type { H264EncoderName } from "./h264-ladder.ts";
import type { LibavEncoderSpec, RateLimit } from "./libav-encoder.ts";

/**
 * Length of the rate buffer. With a crf the cap alone would allow bursts, and a buffer of one frame (17 ms) leaves a
 * full-screen change of text at 20 dB, unreadable until later pictures repair it; measured on a page of text in 1080p
 * at 15 Mbit/s: 17 ms 20 dB, 100 ms 29 dB, 200 ms 41 dB, 300 ms 48 dB for the keyframe. A quarter of a second keeps
 * text readable at once, and its largest burst still passes a link of exactly the cap within the standard tier's 150 ms.
 */
const RATE_BUFFER_S = 0.25;
/** Slices of one picture; more threads than this do not pay off and cost bits. */
const MAX_SLICES = 4;
const ENDLESS_GOP = 2 ** 31 - 1;

type Tuning = Pick<LibavEncoderSpec, "options" | "gopSize" | "threads" | "upload"> & {
  readonly pixelFormat: AVPixelFormat;
};

/** The cap on the rate and the buffer it is measured over: a quarter of a second, or one and a half pictures. */
export function rateLimit(settings: StreamSettings): RateLimit {
  const bufferS = Math.max(RATE_BUFFER_S, 1.5 / settings.fps);
  return { bitrateBps: settings.bitrate, bufferBits: Math.min(2 ** 31 - 1, Math.round(settings.bitrate * bufferS)) };
}

/**
 * The ways to open the encoder for low delay, best first: no B pictures, no lookahead, one picture in flight, keyframes
 * only on request. Option names are those of `ffmpeg -h encoder=NAME`. Only x264's are tried where no GPU is; each
 * other set stands or falls with the picture that is encoded at open.
 */
export function tunings(encoder: H264EncoderName, settings: StreamSettings): readonly Tuning[] {
  const speed = ENCODER_PRESETS.indexOf(settings.preset);
  const nv12 = AV_PIX_FMT_NV12;
  switch (encoder) {
    case "libx264":
      return [{ pixelFormat: AV_PIX_FMT_YUV420P, gopSize: ENDLESS_GOP, threads: slices(), options: x264(settings) }];
    case "h264_nvenc":
      return [{ pixelFormat: nv12, gopSize: ENDLESS_GOP, options: nvenc(settings, speed) }];
    case "h264_qsv":
      return withAndWithoutLowPower((lowPower) => ({
        pixelFormat: nv12,
        gopSize: ENDLESS_GOP,
        options: qsv(speed, lowPower),
      }));
    case "h264_vaapi":
      return withAndWithoutLowPower((lowPower) => ({
        pixelFormat: nv12,
        upload: "vaapi",
        gopSize: ENDLESS_GOP,
        options: { async_depth: "1", low_power: lowPower, idr_interval: "0", b_depth: "1" },
      }));
    case "h264_amf":
      // AMF reads an IDR period of 0 as "never by itself".
      return [{ pixelFormat: nv12, gopSize: 0, options: amf(speed) }];
    case "h264_videotoolbox":
      return [{ pixelFormat: nv12, gopSize: ENDLESS_GOP, options: { realtime: "1", prio_speed: "1", allow_sw: "0" } }];
  }
}

function slices(): number {
  return Math.min(MAX_SLICES, availableParallelism());
}

function x264(settings: StreamSettings): Record<string, string> {
  // What the zerolatency tune brings is said here again, because no other tune may hold a picture back either.
  // Without force-cfr x264 waits for the next timestamp to know how long a picture lasts.
  const params =
    "force-cfr=1:bframes=0:rc-lookahead=0:sync-lookahead=0:sliced-threads=1:mbtree=0:scenecut=0:weightp=0:ref=1";
  const tune = settings.tune === "zerolatency" ? { tune: "zerolatency" } : undefined;
  return { preset: settings.preset, ...tune, crf: String(settings.crf), "forced-idr": "1", "x264-params": params };
}

function nvenc(settings: StreamSettings, speed: number): Record<string, string> {
  return {
    preset: `p${Math.min(4, 1 + Math.floor(speed / 2))}`,
    tune: "ull",
    zerolatency: "1",
    delay: "0",
    rc: "vbr",
    cq: String(Math.max(1, settings.crf)),
    multipass: "disabled",
    "rc-lookahead": "0",
    "no-scenecut": "1",
    "forced-idr": "1",
    b_ref_mode: "disabled",
  };
}

function qsv(speed: number, lowPower: string): Record<string, string> {
  const presets = ["veryfast", "veryfast", "veryfast", "faster", "fast", "medium", "slow"];
  return {
    preset: presets[speed] ?? "veryfast",
    async_depth: "1",
    low_power: lowPower,
    look_ahead: "0",
    forced_idr: "1",
    scenario: "displayremoting",
    low_delay_brc: "1",
  };
}

function amf(speed: number): Record<string, string> {
  return {
    usage: "ultralowlatency",
    quality: speed < 4 ? "speed" : "balanced",
    rc: "vbr_latency",
    async_depth: "1",
    forced_idr: "1",
    max_b_frames: "0",
    preanalysis: "0",
    vbaq: "0",
  };
}

/** Some generations have only the low-power engine, some only the other one. */
function withAndWithoutLowPower(tuning: (lowPower: string) => Tuning): readonly Tuning[] {
  return [tuning("1"), tuning("0")];
}
