import { AV_PIX_FMT_BGR0, AV_PIX_FMT_BGRA, AVERROR_EAGAIN, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import { Codec, CodecContext, Dictionary, FFmpegError, FormatContext, Frame, InputFormat, Packet } from "node-av/lib";
import { type Closable, EnvironmentError, type Rect } from "../../base/index.ts";
import type { CaptureBackend, PixelBuffer } from "./capturer.ts";

export type LibavBackend = Extract<CaptureBackend, `libav-${string}`>;

export type LibavDeviceOptions = {
  readonly backend: LibavBackend;
  /** The X display; the other systems have one desktop. */
  readonly display: string | undefined;
  /** What to capture of it; everything where it is undefined. */
  readonly area: Rect | undefined;
  /** Rate of the devices that keep one themselves; the others deliver as fast as they are read. */
  readonly fps: number;
  readonly drawPointer: boolean;
};

/**
 * A screen that FFmpeg captures. Every call is synchronous: a thread that ends while a call of another thread is under
 * way for it would take the process along.
 */
export class LibavDevice implements Closable {
  readonly #format = new FormatContext();
  readonly #decoder = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  #streamIndex = 0;
  #closed = false;

  /** Throws `EnvironmentError` when FFmpeg cannot open the device. */
  constructor(options: LibavDeviceOptions) {
    this.#packet.alloc();
    this.#frame.alloc();
    try {
      this.#open(options);
    } catch (cause) {
      this.close();
      throw new EnvironmentError(
        `FFmpeg cannot capture the screen with ${options.backend.slice("libav-".length)}.`,
        "See the reason in the log, and run `sightline doctor` for what else can be captured.",
        { cause },
      );
    }
  }

  #open(options: LibavDeviceOptions): void {
    const { format, url, settings } = deviceInput(options);
    const input = InputFormat.findInputFormat(format);
    if (input === null) throw new Error(`This build of FFmpeg has no input device ${format}.`);
    const dictionary = Dictionary.fromObject(settings);
    try {
      FFmpegError.throwIfError(this.#format.openInputSync(url, input, dictionary), `open ${format}`);
    } finally {
      dictionary.free();
    }
    this.#streamIndex = this.#format.findBestStream(AVMEDIA_TYPE_VIDEO);
    const stream = this.#format.streams?.[this.#streamIndex];
    const codec = stream && Codec.findDecoder(stream.codecpar.codecId);
    if (!stream || !codec) throw new Error(`The device ${format} delivers no video that can be decoded.`);
    this.#decoder.allocContext3(codec);
    FFmpegError.throwIfError(this.#decoder.parametersToContext(stream.codecpar), "configure the decoder");
    FFmpegError.throwIfError(this.#decoder.open2Sync(codec), "open the decoder");
  }

  /**
   * The screen as it is now, in FFmpeg's memory, which may be read until the next call. Undefined when the device has
   * no new picture yet. Throws `EnvironmentError` when it has ended.
   */
  read(): PixelBuffer | undefined {
    const result = this.#format.readFrameSync(this.#packet);
    if (result === AVERROR_EAGAIN) return undefined;
    if (result < 0) {
      throw new EnvironmentError(
        "FFmpeg's screen device delivers no more pictures.",
        "Check that the screen is there.",
        {
          cause: new FFmpegError(result),
        },
      );
    }
    const wanted = this.#packet.streamIndex === this.#streamIndex;
    const sent = wanted ? this.#decoder.sendPacketSync(this.#packet) : -1;
    this.#packet.unref();
    this.#frame.unref();
    return sent >= 0 && this.#decoder.receiveFrameSync(this.#frame) >= 0 ? pixelBuffer(this.#frame) : undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#frame.free();
    this.#packet.free();
    this.#decoder.freeContext();
    this.#format.closeInputSync();
  }
}

function pixelBuffer(frame: Frame): PixelBuffer {
  const pixels = frame.data?.[0];
  const strideBytes = frame.linesize[0];
  const layout = frame.format === AV_PIX_FMT_BGR0 || frame.format === AV_PIX_FMT_BGRA;
  if (pixels === undefined || strideBytes === undefined || !layout) {
    throw new EnvironmentError(
      `FFmpeg delivers the screen in pixel format ${frame.format}, not as B G R X.`,
      "Use a screen with 24 bits of colour.",
    );
  }
  return { pixels, strideBytes, width: frame.width, height: frame.height };
}

/** What FFmpeg calls the screen of each system, as its documentation of input devices says. */
function deviceInput(options: LibavDeviceOptions): { format: string; url: string; settings: Record<string, string> } {
  const { area } = options;
  const framerate = String(options.fps);
  // x11grab and gdigrab sleep inside of the call that reads, so they are told a rate that never makes them.
  const unpaced = "1000";
  const pointer = options.drawPointer ? "1" : "0";
  const size: Record<string, string> = area ? { video_size: `${area.width}x${area.height}` } : {};
  switch (options.backend) {
    case "libav-x11grab": {
      const place: Record<string, string> = area ? { grab_x: String(area.x), grab_y: String(area.y) } : {};
      const settings = { framerate: unpaced, draw_mouse: pointer, ...size, ...place };
      return { format: "x11grab", url: options.display ?? "", settings };
    }
    case "libav-gdigrab": {
      const place: Record<string, string> = area ? { offset_x: String(area.x), offset_y: String(area.y) } : {};
      return {
        format: "gdigrab",
        url: "desktop",
        settings: { framerate: unpaced, draw_mouse: pointer, ...size, ...place },
      };
    }
    case "libav-ddagrab": {
      const graph = `ddagrab=framerate=${framerate}:draw_mouse=${pointer},hwdownload,format=bgra`;
      return { format: "lavfi", url: graph, settings: {} };
    }
    case "libav-avfoundation": {
      const settings = { framerate, capture_cursor: pointer, pixel_format: "bgr0" };
      return { format: "avfoundation", url: "Capture screen 0:none", settings };
    }
  }
}
