import { existsSync, readdirSync } from "node:fs";
import { platform } from "node:os";

/** The H.264 encoders of libav that Sightline knows how to tune. */
export type H264EncoderName = "h264_nvenc" | "h264_qsv" | "h264_amf" | "h264_vaapi" | "h264_videotoolbox" | "libx264";

/**
 * One step of the ladder, plain data that can travel to a worker thread. `failAtPicture` makes the encoder fail at that
 * call of `encode` (1 is the first): it is how the take-over by the next encoder is tested where no hardware is.
 */
export type LadderEntry = { readonly name: string; readonly encoder: H264EncoderName; readonly failAtPicture?: number };

/** The order in which H.264 encoders are tried. */
export const H264_LADDER: readonly LadderEntry[] = [
  { name: "h264_nvenc", encoder: "h264_nvenc" },
  { name: "h264_qsv", encoder: "h264_qsv" },
  { name: "h264_amf", encoder: "h264_amf" },
  { name: "h264_vaapi", encoder: "h264_vaapi" },
  { name: "h264_videotoolbox", encoder: "h264_videotoolbox" },
  { name: "libx264", encoder: "libx264" },
];

/**
 * The ladder behind one more encoder, which fails at that picture (1 is the first): for trying the take-over where there
 * is only one encoder.
 */
export function ladderWithFault(failAtPicture: number): readonly LadderEntry[] {
  return [{ name: "h264_fault", encoder: "libx264", failAtPicture }, ...H264_LADDER];
}

/** What is plainly missing on this machine for the encoder, or undefined when only trying can tell. */
export function missingHardware(encoder: H264EncoderName): string | undefined {
  if (encoder === "libx264" || platform() !== "linux") return undefined;
  if (encoder === "h264_videotoolbox") return "only on macOS";
  if (encoder === "h264_nvenc") {
    return existsSync("/dev/nvidiactl") || existsSync("/dev/dxg") ? undefined : "no NVIDIA device (/dev/nvidiactl)";
  }
  return hasRenderNode() ? undefined : "no GPU device (/dev/dri/renderD*)";
}

function hasRenderNode(): boolean {
  try {
    return readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  } catch {
    return false;
  }
}
