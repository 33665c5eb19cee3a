import { platform } from "node:os";
import type { CameraCredentials, CameraSource } from "../../../protocol/index.ts";

/**
 * What the program writes: the source's H.264 as it is (in FLV, whose tags tell length and time of every access unit), its
 * JPEGs as they are, or JPEGs that it makes of anything else.
 */
export type FfmpegOutput = "h264" | "jpeg" | "transcoded";

/** Arguments of the program, and what it reads from its standard input. */
export type FfmpegCommand = {
  readonly args: readonly string[];
  /** A list in the concat demuxer's form, which names the URL with user and password; never to be logged. */
  readonly script: string;
};

const TIMEOUT_US = "5000000";
const PROBE_BYTES = "500000";
const PROBE_US = "500000";
const JPEG_QUALITY = "4";
const FILE_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,h264,hevc,mjpeg,flv,asf,ogg,mxf,ivf,gif,yuv4mpegpipe,nut";

/** The output to try first for a source, by what it most likely delivers. */
export function firstOutput(source: CameraSource): FfmpegOutput {
  if (source.kind === "test") return "transcoded";
  if (source.kind === "mjpeg") return "jpeg";
  if (source.kind !== "device") return "h264";
  if (source.inputFormat === "h264") return "h264";
  return source.inputFormat === "mjpeg" ? "jpeg" : "transcoded";
}

/**
 * The command for a source, on this system unless a test says otherwise. URLs are not in the arguments, which every user of
 * the machine can read, but in the script.
 * Throws TypeError for a kind that the program is not used for.
 */
export function ffmpegCommand(
  source: CameraSource,
  credentials: CameraCredentials | undefined,
  output: FfmpegOutput,
  system: NodeJS.Platform = platform(),
): FfmpegCommand {
  const { input, script = "" } = inputOf(source, credentials, system);
  const args = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", ...input, "-map", "0:v:0"];
  return { args: [...args, ...OUTPUTS[output], "-flush_packets", "1", "pipe:1"], script };
}

const OUTPUTS: Readonly<Record<FfmpegOutput, readonly string[]>> = {
  h264: ["-c:v", "copy", "-f", "flv", "-flvflags", "no_duration_filesize"],
  jpeg: ["-c:v", "copy", "-f", "mpjpeg", "-boundary_tag", "frame"],
  transcoded: [
    ...["-c:v", "mjpeg", "-q:v", JPEG_QUALITY, "-fps_mode", "passthrough"],
    ...["-f", "mpjpeg", "-boundary_tag", "frame"],
  ],
};

type Input = { readonly input: readonly string[]; readonly script?: string };

function inputOf(source: CameraSource, credentials: CameraCredentials | undefined, system: NodeJS.Platform): Input {
  switch (source.kind) {
    case "rtsp":
      return listed(
        "pipe,rtp,rtcp,rtsp,rtsps,tcp,tls,udp",
        urlOf(source.url, credentials),
        rtspOptions(source.transport),
      );
    case "mjpeg":
      return listed("pipe,http,https,tcp,tls", urlOf(source.url, credentials), {
        rw_timeout: TIMEOUT_US,
        // A playlist in the place of pictures would reach further hosts.
        format_whitelist: "mpjpeg,mjpeg,jpeg_pipe",
      });
    case "file": {
      // Playlists and lists of files would reach further files and hosts.
      const allowed = ["-protocol_whitelist", "file", "-format_whitelist", FILE_FORMATS];
      return { input: ["-re", "-stream_loop", "-1", ...allowed, "-i", `file:${source.path}`] };
    }
    case "device":
      return { input: device(source, system) };
    case "test": {
      const { pattern, width, height, fps } = source;
      return { input: ["-re", "-f", "lavfi", "-i", `${pattern}=size=${width}x${height}:rate=${fps}`] };
    }
    default:
      throw new TypeError(`The ffmpeg engine is not used for sources of the kind "${source.kind}".`);
  }
}

function listed(protocols: string, url: string, options: Readonly<Record<string, string>>): Input {
  const lines = ["ffconcat version 1.0", `file '${url}'`];
  for (const [name, value] of Object.entries({ ...LOW_DELAY, ...options })) lines.push(`option ${name} ${value}`);
  const probe = ["-fflags", "nobuffer", "-probesize", PROBE_BYTES, "-analyzeduration", PROBE_US];
  const input = ["-protocol_whitelist", protocols, ...probe, "-f", "concat", "-safe", "0", "-i", "pipe:0"];
  return { input, script: `${lines.join("\n")}\n` };
}

const LOW_DELAY = { fflags: "nobuffer", probesize: PROBE_BYTES, analyzeduration: PROBE_US };

function rtspOptions(transport: "auto" | "tcp" | "udp"): Record<string, string> {
  return {
    rtsp_transport: transport === "auto" ? "tcp+udp" : transport,
    ...(transport === "auto" ? { rtsp_flags: "prefer_tcp" } : {}),
    allowed_media_types: "video",
    max_delay: "100000",
    timeout: TIMEOUT_US,
  };
}

/** The URL with user and password, without anything that would end the quotes around it. */
function urlOf(url: string, credentials: CameraCredentials | undefined): string {
  const user = credentials && [credentials.username, credentials.password].map(encodeURIComponent).join(":");
  return (user === undefined ? url : url.replace("://", `://${user}@`)).replaceAll("'", "%27");
}

function device(source: Extract<CameraSource, { kind: "device" }>, system: NodeJS.Platform): string[] {
  const { width, height, fps, inputFormat } = source;
  const args = ["-fflags", "nobuffer", "-probesize", PROBE_BYTES, "-analyzeduration", PROBE_US];
  if (width !== undefined && height !== undefined) args.push("-video_size", `${width}x${height}`);
  if (fps !== undefined) args.push("-framerate", String(fps));
  switch (system) {
    case "darwin":
      if (inputFormat === "yuyv422") args.push("-pixel_format", "yuyv422");
      return [...args, "-f", "avfoundation", "-i", `${source.device}:none`];
    case "win32":
      if (inputFormat === "yuyv422") args.push("-pixel_format", "yuyv422");
      else if (inputFormat !== "auto") args.push("-vcodec", inputFormat);
      return [...args, "-f", "dshow", "-i", `video=${source.device}`];
    default:
      if (inputFormat !== "auto") args.push("-input_format", inputFormat);
      return [...args, "-f", "v4l2", "-i", source.device];
  }
}
