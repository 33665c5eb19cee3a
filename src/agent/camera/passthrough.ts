import { type StreamSettings, streamSettingsSchema } from "../../protocol/index.ts";
import type { CameraPacket } from "./engine.ts";
import type { CameraRungRequest } from "./thread-messages.ts";

/** What decides whether a source's own pictures can be passed on. Rates are measured; 0 while they are not known. */
export type SourceStream = {
  readonly kind: CameraPacket["kind"] | "frame";
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly bitrateBps: number;
  /** It has B pictures: they are not decoded in the order in which they are shown. */
  readonly reordered: boolean;
};

/** A measured rate may be so much above what was asked for; cameras do not keep time exactly. */
const RATE_TOLERANCE = 1.1;
/** Variable rates are measured over seconds only. */
const BITRATE_TOLERANCE = 1.25;
const DEFAULT_JPEG_QUALITY = streamSettingsSchema.parse({}).jpegQuality;

/** Why the source's own pictures cannot be this rung's, for people to read; undefined where they can. */
export function passthroughObstacle(request: CameraRungRequest, source: SourceStream): string | undefined {
  const { codec, settings, budget } = request;
  if (source.kind !== codec) return `the camera sends ${source.codec}, not ${codec}`;
  if (source.reordered) return "the camera's pictures are not in the order in which they are shown";
  const width = Math.min(settings.width, budget?.videoWidth ?? settings.width);
  const height = Math.min(settings.height, budget?.videoHeight ?? settings.height);
  if (source.width > width || source.height > height) {
    return `the camera's ${source.width}x${source.height} are more than the ${width}x${height} asked for`;
  }
  return codec === "jpeg" ? jpegObstacle(settings) : h264Obstacle(request, source);
}

/** Single pictures of JPEG can be left out, so its rate is no obstacle. */
function jpegObstacle({ jpegQuality }: StreamSettings): string | undefined {
  if (jpegQuality >= DEFAULT_JPEG_QUALITY) return undefined;
  return `JPEGs of quality ${jpegQuality} were asked for`;
}

function h264Obstacle({ settings, budget }: CameraRungRequest, source: SourceStream): string | undefined {
  const fps = pictureRate({ settings, budget });
  if (source.fps > fps * RATE_TOLERANCE) {
    return `the camera's ${source.fps.toFixed(0)} pictures a second are more than the ${fps} asked for`;
  }
  const bitrateBps = Math.min(settings.bitrate, budget?.bitrate ?? settings.bitrate);
  if (source.bitrateBps > bitrateBps * BITRATE_TOLERANCE) {
    return `the camera's ${kilobits(source.bitrateBps)} kbit/s are more than the ${kilobits(bitrateBps)} asked for`;
  }
  return undefined;
}

/** Most pictures a second that a rung may have. */
export function pictureRate({ settings, budget }: Pick<CameraRungRequest, "settings" | "budget">): number {
  return Math.min(settings.fps, budget?.fps ?? settings.fps);
}

function kilobits(bps: number): string {
  return (bps / 1000).toFixed(0);
}
