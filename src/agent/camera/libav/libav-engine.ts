import {
  AV_CODEC_ID_H264,
  AV_CODEC_ID_MJPEG,
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AVERROR_DECODER_NOT_FOUND,
  AVERROR_DEMUXER_NOT_FOUND,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVERROR_HTTP_BAD_REQUEST,
  AVERROR_HTTP_FORBIDDEN,
  AVERROR_HTTP_NOT_FOUND,
  AVERROR_HTTP_UNAUTHORIZED,
  AVERROR_INVALIDDATA,
  AVERROR_PATCHWELCOME,
  AVERROR_PROTOCOL_NOT_FOUND,
  AVFMT_FLAG_NOFILLIN,
  AVFMT_FLAG_NOPARSE,
  AVMEDIA_TYPE_VIDEO,
  AVSEEK_FLAG_BACKWARD,
  BitStreamFilter,
  BitStreamFilterContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  InputFormat,
  Log,
  Packet,
  type Rational,
  type Stream,
} from "node-av";
import { describeError, Emitter, type Event } from "../../../base/index.ts";
import { jpegSize } from "../../../codecs/index.ts";
import { monotonicUs } from "../../../node/index.ts";
import type { CameraSource } from "../../../protocol/index.ts";
import type { CameraEngine, CameraPicture, EngineInfo, EngineRequest } from "../engine.ts";
import { LastingFailure } from "../lasting-failure.ts";
import { AccessUnits } from "./access-units.ts";
import { FrameSource } from "./frame-source.ts";
import { isMissing, type LibavInput, libavInput, openingRemedy } from "./libav-input.ts";
import { PlaybackClock } from "./playback-clock.ts";
import { RtpPictures } from "./rtp-pictures.ts";

Log.setLevel(AV_LOG_QUIET);

const EAGAIN_PAUSE_MS = 5;
/** Above this a stream's rate is the tick of its clock. */
const MAX_RATE = 240;
/** Timestamps in decoding order may go back by a little only. */
const MAX_STEP_BACK_US = 1_000_000;
const END_OF_SOURCE = "The source ended.";

/** Nothing more is read because the engine is being closed. */
class Closing extends Error {}

/** Captures with libav inside this process: RTSP, files, devices, generated pictures. */
export class LibavEngine implements CameraEngine {
  readonly name = "libav";
  readonly #source: CameraSource;
  readonly #input: LibavInput;
  readonly #hardware: boolean;
  readonly #opened = new Emitter<EngineInfo>();
  readonly #pictures = new Emitter<CameraPicture>();
  readonly #failed = new Emitter<string>();
  readonly onOpened: Event<EngineInfo> = this.#opened.event;
  readonly onPicture: Event<CameraPicture> = this.#pictures.event;
  readonly onFailed: Event<string> = this.#failed.event;
  readonly #format = new FormatContext();
  readonly #packet = new Packet();
  readonly #running: Promise<void>;
  #filter: BitStreamFilterContext | undefined;
  #units: AccessUnits | undefined;
  #rtp: RtpPictures | undefined;
  #frames: FrameSource | undefined;
  #clock: PlaybackClock | undefined;
  #info: EngineInfo | undefined;
  #closing = false;
  #wake: (() => void) | undefined;
  #lastPtsUs = Number.NEGATIVE_INFINITY;
  /** Added to timestamps, so that they go on where a file begins anew. */
  #shiftUs = 0;
  #rewound = false;
  #discarded = 0;
  #unsupported = false;
  #lasting = false;

  /** Throws TypeError for a kind of source that it is not for. */
  constructor(request: EngineRequest) {
    this.#source = request.source;
    this.#input = libavInput(request.source, request.credentials);
    this.#hardware = request.hardware;
    this.#packet.alloc();
    // Before anything is opened: only a context that is there can be interrupted.
    this.#format.allocContext();
    this.#running = this.#run();
  }

  get discarded(): number {
    return this.#discarded + (this.#frames?.failed ?? 0) + (this.#rtp?.discarded ?? 0);
  }

  get lasting(): boolean {
    return this.#lasting;
  }

  /** Whether it failed because this build of libav cannot read such a source, so that another engine may. */
  get unsupported(): boolean {
    return this.#unsupported;
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      for (const emitter of [this.#opened, this.#pictures, this.#failed]) emitter.close();
      this.#format.interrupt();
      this.#wake?.();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    // The caller listens once the constructor has returned.
    await Promise.resolve();
    try {
      const stream = await this.#open();
      for (;;) await this.#play(stream);
    } catch (error) {
      if (!this.#closing) this.#fail(error);
    } finally {
      await this.#release();
    }
  }

  #fail(error: unknown): void {
    this.#closing = true;
    this.#lasting = error instanceof LastingFailure;
    this.#failed.emit(withoutCredentials(describeError(error)));
  }

  async #release(): Promise<void> {
    this.#frames?.close();
    this.#filter?.free();
    await this.#format.closeInput();
    this.#packet.free();
  }

  async #open(): Promise<Stream> {
    const { url, format, options, lacks } = this.#input;
    if (lacks !== undefined) throw this.#unfit(lacks);
    const demuxer = format === undefined ? null : InputFormat.findInputFormat(format);
    if (format !== undefined && demuxer === null) throw this.#unfit(`This build of FFmpeg has no "${format}".`);
    const dictionary = Dictionary.fromObject({ ...options });
    let code: number;
    try {
      code = await this.#format.openInput(url, demuxer, dictionary);
    } finally {
      dictionary.free();
    }
    this.#check(code, "Opening the source", openingRemedy(this.#source, code));
    let index = this.#format.findBestStream(AVMEDIA_TYPE_VIDEO);
    const known = this.#format.streams[index]?.codecpar.codecId;
    // An H.264 camera tells its size with its first keyframe; waiting for more pictures would only cost time.
    if (format !== "rtsp" || known !== AV_CODEC_ID_H264) {
      this.#check(await this.#format.findStreamInfo(null), "Examining the source");
      index = this.#format.findBestStream(AVMEDIA_TYPE_VIDEO);
    }
    const stream = this.#format.streams[index];
    if (stream === undefined) throw new LastingFailure("The source has no video.");
    if (this.#input.paced) this.#clock = new PlaybackClock();
    this.#prepare(stream);
    return stream;
  }

  #prepare(stream: Stream): void {
    const { codecId, extradata } = stream.codecpar;
    if (codecId === AV_CODEC_ID_H264) {
      this.#filter = annexBFilter(stream);
      this.#units = new AccessUnits(extradata);
      if (this.#input.format === "rtsp") this.#prepareRtp(stream, this.#units);
    } else if (codecId !== AV_CODEC_ID_MJPEG) {
      try {
        this.#frames = new FrameSource(stream, this.#hardware);
      } catch (error) {
        throw this.#unfit(describeError(error));
      }
    }
  }

  /** libav's parser would give each picture away only when the next one begins. */
  #prepareRtp(stream: Stream, units: AccessUnits): void {
    this.#format.setFlags(AVFMT_FLAG_NOPARSE, AVFMT_FLAG_NOFILLIN);
    this.#rtp = new RtpPictures(({ data, ptsUs, arrivedUs }) => this.#emitH264(stream, units, data, ptsUs, arrivedUs));
  }

  /** Plays until the source ends; a file is wound back, anything else has failed. */
  async #play(stream: Stream): Promise<void> {
    const startUs = this.#lastPtsUs;
    for (;;) {
      if (this.#closing) throw new Closing();
      const code = await this.#format.readFrame(this.#packet);
      if (this.#closing) throw new Closing();
      if (code === AVERROR_EOF) break;
      if (code === AVERROR_EAGAIN) {
        await this.#pause(EAGAIN_PAUSE_MS);
        continue;
      }
      this.#check(code, "Reading the source");
      if (this.#packet.streamIndex === stream.index) await this.#take(stream);
      this.#packet.unref();
    }
    if (!this.#input.paced || this.#lastPtsUs === startUs) throw new Error(END_OF_SOURCE);
    await this.#rewind(stream);
  }

  async #rewind(stream: Stream): Promise<void> {
    this.#check(await this.#format.seekFrame(stream.index, 0n, AVSEEK_FLAG_BACKWARD), "Winding back");
    this.#filter?.flush();
    this.#frames?.flush();
    const { fps } = this.#info ?? { fps: 0 };
    this.#shiftUs = this.#lastPtsUs + 1e6 / (fps || 25);
    this.#rewound = true;
  }

  /** Hands on what the packet brings: at once, or when it is due. */
  async #take(stream: Stream): Promise<void> {
    let ptsUs = this.#ptsUs(stream.timeBase);
    if (this.#clock !== undefined) {
      const delayMs = this.#clock.delayUs(ptsUs, monotonicUs()) / 1000;
      if (delayMs > 0) await this.#pause(delayMs);
      if (this.#closing) throw new Closing();
      ptsUs += this.#clock.lostUs;
    }
    if (this.#frames !== undefined) this.#takeFrames(stream, this.#frames, ptsUs);
    else if (this.#units !== undefined) this.#takeH264(stream, this.#units, ptsUs);
    else this.#takeJpeg(stream, ptsUs);
  }

  #takeFrames(stream: Stream, frames: FrameSource, ptsUs: number): void {
    const arrivedUs = monotonicUs();
    for (const frame of frames.decode(this.#packet)) {
      this.#tell({ codec: frames.codec, fps: rate(stream), decoder: frames.decoder }, frame);
      this.#pictures.emit({ kind: "frame", frame, ptsUs, arrivedUs, decodeUs: monotonicUs() - arrivedUs });
    }
  }

  #takeH264(stream: Stream, units: AccessUnits, ptsUs: number): void {
    if (this.#filter !== undefined) {
      this.#check(this.#filter.sendPacketSync(this.#packet), "Converting to Annex B");
      if (this.#filter.receivePacketSync(this.#packet) < 0) return;
    }
    const bytes = this.#packet.data ?? new Uint8Array(0);
    if (this.#rtp === undefined) this.#emitH264(stream, units, bytes, ptsUs, monotonicUs());
    else this.#rtp.add(bytes, ptsUs, monotonicUs());
  }

  #emitH264(stream: Stream, units: AccessUnits, bytes: Uint8Array, ptsUs: number, arrivedUs: number): void {
    const unit = units.take(bytes);
    if (unit?.size !== undefined) this.#tell({ codec: "h264", fps: rate(stream), decoder: "" }, unit.size);
    // Before the first keyframe nothing can be shown.
    if (unit === undefined || this.#info === undefined) return;
    const { data, keyframe } = unit;
    this.#pictures.emit({ kind: "h264", data, keyframe, ptsUs, arrivedUs });
  }

  #takeJpeg(stream: Stream, ptsUs: number): void {
    const arrivedUs = monotonicUs();
    const data = new Uint8Array(this.#packet.data ?? []);
    const size = jpegSize(data);
    if (size === undefined) {
      this.#discarded += 1;
      return;
    }
    this.#tell({ codec: "mjpeg", fps: rate(stream), decoder: "" }, size);
    this.#pictures.emit({ kind: "jpeg", data, keyframe: true, ptsUs, arrivedUs });
  }

  #tell(about: Omit<EngineInfo, "width" | "height">, { width, height }: { width: number; height: number }): void {
    const info = this.#info;
    if (info?.width === width && info.height === height && info.decoder === about.decoder) return;
    this.#info = { ...about, width, height };
    this.#opened.emit(this.#info);
  }

  /** The packet's time in the order of decoding, which never goes back; a file that begins anew goes on. */
  #ptsUs(timeBase: Rational): number {
    const { pts, dts } = this.#packet;
    const stamp = dts === AV_NOPTS_VALUE ? pts : dts;
    const us = stamp === AV_NOPTS_VALUE ? monotonicUs() : (Number(stamp) * 1e6 * timeBase.num) / timeBase.den;
    if (this.#rewound) {
      this.#rewound = false;
      this.#shiftUs -= us;
    } else if (us + this.#shiftUs < this.#lastPtsUs - MAX_STEP_BACK_US) {
      // The camera's clock was set.
      this.#shiftUs = this.#lastPtsUs - us;
    }
    this.#lastPtsUs = Math.max(this.#lastPtsUs, us + this.#shiftUs);
    return this.#lastPtsUs;
  }

  /** Waits, or less when the engine is closed meanwhile. */
  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #check(code: number, action: string, remedy = ""): void {
    if (code >= 0) return;
    const text = `${action} failed: ${FFmpegError.strerror(code).toLowerCase()}.${remedy}`;
    if (UNSUPPORTED.has(code)) throw this.#unfit(text);
    throw isLasting(code, this.#source) ? new LastingFailure(text) : new Error(text);
  }

  #unfit(text: string): Error {
    this.#unsupported = true;
    return new LastingFailure(text);
  }
}

/** Errors that say that this build of libav lacks something, not that the source is bad. */
const UNSUPPORTED: ReadonlySet<number> = new Set([
  AVERROR_DEMUXER_NOT_FOUND,
  AVERROR_DECODER_NOT_FOUND,
  AVERROR_PROTOCOL_NOT_FOUND,
  AVERROR_PATCHWELCOME,
]);

/** What an RTSP camera answers, under names of HTTP, as long as address and password stay as they are. */
const REFUSALS: ReadonlySet<number> = new Set([
  AVERROR_HTTP_BAD_REQUEST,
  AVERROR_HTTP_UNAUTHORIZED,
  AVERROR_HTTP_FORBIDDEN,
  AVERROR_HTTP_NOT_FOUND,
]);

function isLasting(code: number, { kind }: CameraSource): boolean {
  if (kind === "rtsp") return REFUSALS.has(code);
  return isMissing(code) || (kind === "file" && code === AVERROR_INVALIDDATA);
}

/** MP4 and its relatives carry lengths instead of start codes, and the parameter sets apart; others pass unchanged. */
function annexBFilter(stream: Stream): BitStreamFilterContext | undefined {
  const { extradata } = stream.codecpar;
  // An AVCDecoderConfigurationRecord begins with its version, Annex B with zeros (ISO/IEC 14496-15, 5.3.3.1.2).
  if (extradata === null || extradata[0] !== 1) return undefined;
  const filter = BitStreamFilter.getByName("h264_mp4toannexb");
  if (filter === null) throw new Error("This build of FFmpeg cannot convert H.264 to Annex B.");
  const context = new BitStreamFilterContext();
  const parameters = context.alloc(filter) < 0 ? null : context.inputCodecParameters;
  if (parameters === null) throw new Error("Converting to Annex B could not be prepared.");
  stream.codecpar.copy(parameters);
  context.inputTimeBase = stream.timeBase;
  if (context.init() < 0) throw new Error("The stream cannot be converted to Annex B.");
  return context;
}

function rate(stream: Stream): number {
  for (const { num, den } of [stream.avgFrameRate, stream.rFrameRate]) {
    if (num > 0 && den > 0 && num / den <= MAX_RATE) return num / den;
  }
  return 0;
}

function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^@/\s]*@/g, "://");
}
