import { constants, platform } from "node:os";
import type { CameraCredentials, CameraSource } from "../../../protocol/index.ts";

/** What libav is asked to open. */
export type LibavInput = {
  readonly url: string;
  /** Name of the demuxer, or undefined where libav finds it by the content. */
  readonly format: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  /** Played by its timestamps, again and again; other sources keep the time themselves. */
  readonly paced: boolean;
  /** What the settings ask for and libav cannot do, although the ffmpeg program can. */
  readonly lacks?: string;
};

/** A camera that says nothing for this long has failed, microseconds. */
const NETWORK_TIMEOUT_US = "5000000";
/** Enough for the first pictures of any camera, so that opening does not wait for more. */
const PROBE_BYTES = "500000";
const PROBE_US = "500000";

const FILE_FORMATS = "mov,matroska,webm,avi,mpegts,mpeg,h264,hevc,mjpeg,flv,asf,ogg,mxf,ivf,gif,yuv4mpegpipe,nut";

/**
 * The input for a source, on this system unless a test says otherwise. Throws TypeError for a kind that libav is not used
 * for.
 */
export function libavInput(
  source: CameraSource,
  credentials: CameraCredentials | undefined,
  system: NodeJS.Platform = platform(),
): LibavInput {
  switch (source.kind) {
    case "rtsp":
      return { url: withCredentials(source.url, credentials), format: "rtsp", options: rtsp(source), paced: false };
    case "file":
      return {
        url: `file:${source.path}`,
        format: undefined,
        // Playlists and lists of files would reach further files and hosts.
        options: { protocol_whitelist: "file", format_whitelist: FILE_FORMATS },
        paced: true,
      };
    case "device":
      return { ...device(source, system), paced: false };
    case "test": {
      const { pattern, width, height, fps } = source;
      // lavfi makes pictures as fast as they are read.
      const url = `${pattern}=size=${width}x${height}:rate=${fps},format=yuv420p`;
      return { url, format: "lavfi", options: {}, paced: true };
    }
    default:
      throw new TypeError(`libav is not used for sources of the kind "${source.kind}".`);
  }
}

function rtsp(source: Extract<CameraSource, { kind: "rtsp" }>): Record<string, string> {
  const transport = source.transport === "auto" ? "tcp+udp" : source.transport;
  return {
    rtsp_transport: transport,
    ...(source.transport === "auto" ? { rtsp_flags: "prefer_tcp" } : {}),
    timeout: NETWORK_TIMEOUT_US,
    protocol_whitelist: "rtp,rtcp,rtsp,rtsps,tcp,tls,udp",
    allowed_media_types: "video",
    // Packets of UDP that come in the wrong order are waited for so long at most.
    max_delay: "100000",
    probesize: PROBE_BYTES,
    analyzeduration: PROBE_US,
  };
}

const { ENOENT, ENODEV, ENXIO, EACCES, EPERM, EBUSY } = constants.errno;

/** Whether the file or device is not there, or is not for this user, by this code of libav's. */
export function isMissing(code: number): boolean {
  return [ENOENT, ENODEV, ENXIO, EACCES, EPERM].includes(-code);
}

/** What helps when a source could not be opened with this code of libav's; empty where nothing is known. */
export function openingRemedy({ kind }: CameraSource, code: number): string {
  if (kind !== "device") return "";
  if ([ENOENT, ENODEV, ENXIO].includes(-code)) return " There is no such device; on Linux `ls /dev/video*` lists them.";
  if ([EACCES, EPERM].includes(-code)) {
    return ' Let the user that runs Sightline use it: on Linux the group "video" may.';
  }
  return -code === EBUSY ? " Another program uses it." : "";
}

function device(source: Extract<CameraSource, { kind: "device" }>, system: NodeJS.Platform): Omit<LibavInput, "paced"> {
  const { width, height, fps, inputFormat } = source;
  const options: Record<string, string> = { fflags: "nobuffer", probesize: PROBE_BYTES, analyzeduration: PROBE_US };
  if (width !== undefined && height !== undefined) options.video_size = `${width}x${height}`;
  if (fps !== undefined) options.framerate = String(fps);
  switch (system) {
    case "darwin":
      if (inputFormat === "yuyv422") options.pixel_format = "yuyv422";
      return { url: `${source.device}:none`, format: "avfoundation", options };
    case "win32":
      if (inputFormat === "yuyv422") options.pixel_format = "yuyv422";
      // The program sets a field of the demuxer's context that has no option and that node-av does not offer.
      return {
        ...{ url: `video=${source.device}`, format: "dshow", options },
        ...(inputFormat === "mjpeg" || inputFormat === "h264"
          ? { lacks: `DirectShow's ${inputFormat} cannot be chosen` }
          : {}),
      };
    default:
      if (inputFormat !== "auto") options.input_format = inputFormat;
      return { url: source.device, format: "v4l2", options };
  }
}

/** User and password where libav looks for them; the URL itself has none. */
function withCredentials(url: string, credentials: CameraCredentials | undefined): string {
  if (credentials === undefined) return url;
  const user = `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}`;
  return url.replace("://", `://${user}@`);
}
