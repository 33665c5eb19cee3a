import { describeError, Emitter, type Event } from "../../../base/index.ts";
import { FlvReader, type JpegPicture, MultipartSplitter } from "../../../codecs/index.ts";
import { monotonicUs } from "../../../node/index.ts";
import type { CameraEngine, CameraPicture, EngineInfo, EngineOpener, EngineRequest } from "../engine.ts";
import { AccessUnits } from "../libav/access-units.ts";
import { type FfmpegOutput, ffmpegCommand, firstOutput } from "./ffmpeg-command.ts";
import { isLasting, type SourceVideo, sourceVideo, withoutCredentials } from "./ffmpeg-messages.ts";
import { FfmpegProcess } from "./ffmpeg-process.ts";

const MAX_REASON_LENGTH = 400;

/** Captures with the `ffmpeg` program as a child that writes to a pipe for as long as the source delivers. */
export const openFfmpegEngine: EngineOpener = (request) => new FfmpegEngine(request);

class FfmpegEngine implements CameraEngine {
  readonly name = "ffmpeg";
  readonly #request: EngineRequest;
  readonly #opened = new Emitter<EngineInfo>();
  readonly #pictures = new Emitter<CameraPicture>();
  readonly #failed = new Emitter<string>();
  readonly onOpened: Event<EngineInfo> = this.#opened.event;
  readonly onPicture: Event<CameraPicture> = this.#pictures.event;
  readonly onFailed: Event<string> = this.#failed.event;
  #output: FfmpegOutput;
  #process: FfmpegProcess;
  #units = new AccessUnits(null);
  #splitter: MultipartSplitter | undefined;
  #video: SourceVideo | undefined;
  #info: EngineInfo | undefined;
  /** Why its output cannot be used, where that is not the program's own error. */
  #unusable = "";
  #lastPtsUs = Number.NEGATIVE_INFINITY;
  #discarded = 0;
  #ended = false;
  #lasting = false;

  constructor(request: EngineRequest) {
    this.#request = request;
    this.#output = firstOutput(request.source);
    this.#process = this.#start();
  }

  get lasting(): boolean {
    return this.#lasting;
  }

  get discarded(): number {
    return this.#discarded + (this.#splitter?.discardedPictures ?? 0);
  }

  get childPid(): number | undefined {
    return this.#process.pid;
  }

  async close(): Promise<void> {
    this.#ended = true;
    for (const emitter of [this.#opened, this.#pictures, this.#failed]) emitter.close();
    await this.#process.close();
  }

  #start(): FfmpegProcess {
    const { source, credentials } = this.#request;
    this.#video = undefined;
    this.#unusable = "";
    const read = this.#output === "h264" ? this.#flv() : this.#jpegs();
    const started: FfmpegProcess = new FfmpegProcess(ffmpegCommand(source, credentials, this.#output), {
      onBytes: (bytes) => {
        if (this.#ended || this.#unusable !== "") return;
        try {
          read(bytes);
        } catch (error) {
          this.#unusable = describeError(error);
          void started.close();
        }
      },
      // The first is the input's, the second that of what the program writes.
      onLine: (line) => {
        this.#video ??= sourceVideo(line);
      },
      onEnd: (reason) => this.#onEnd(reason),
    });
    return started;
  }

  /** Takes another output where the source is not what was tried first; otherwise it has failed. */
  #onEnd(reason: string): void {
    if (this.#ended) return;
    const codec = this.#video?.codec;
    if (this.#info === undefined && codec !== undefined && this.#output !== "transcoded" && !this.#fits(codec)) {
      this.#output = this.#output === "h264" && codec === "mjpeg" ? "jpeg" : "transcoded";
      this.#process = this.#start();
      return;
    }
    this.#ended = true;
    const text = this.#unusable === "" ? reason : this.#unusable;
    this.#lasting = isLasting(text);
    this.#failed.emit(withoutCredentials(text, this.#request.credentials).slice(0, MAX_REASON_LENGTH));
  }

  #fits(codec: string): boolean {
    return codec === (this.#output === "h264" ? "h264" : "mjpeg");
  }

  #flv(): (bytes: Buffer) => void {
    const reader = new FlvReader({
      onParameterSets: (sets) => {
        this.#units = new AccessUnits(sets);
      },
      onAccessUnit: ({ data, timestampMs }) => this.#takeAccessUnit(data, timestampMs * 1000),
    });
    return (bytes) => reader.push(bytes);
  }

  #takeAccessUnit(bytes: Uint8Array, ptsUs: number): void {
    const unit = this.#units.take(bytes);
    if (unit?.size !== undefined) this.#tell(unit.size);
    // Before the first keyframe nothing can be shown.
    if (unit === undefined || this.#info === undefined) {
      this.#discarded += 1;
      return;
    }
    this.#emit("h264", unit.data, unit.keyframe, ptsUs);
  }

  #jpegs(): (bytes: Buffer) => void {
    const onPicture = ({ data, width, height }: JpegPicture): void => {
      this.#tell({ width, height });
      this.#emit("jpeg", data, true, monotonicUs());
    };
    const splitter = new MultipartSplitter({ boundary: "frame", onPicture });
    this.#splitter = splitter;
    return (bytes) => splitter.push(bytes);
  }

  #emit(kind: "h264" | "jpeg", data: Uint8Array<ArrayBuffer>, keyframe: boolean, ptsUs: number): void {
    if (this.#ended) return;
    this.#lastPtsUs = Math.max(this.#lastPtsUs, ptsUs);
    this.#pictures.emit({ kind, data, keyframe, ptsUs: this.#lastPtsUs, arrivedUs: monotonicUs() });
  }

  #tell({ width, height }: { readonly width: number; readonly height: number }): void {
    if (this.#ended || (this.#info?.width === width && this.#info.height === height)) return;
    const { codec, fps } = this.#video ?? { codec: this.#output === "h264" ? "h264" : "mjpeg", fps: 0 };
    const decoder = this.#output === "transcoded" ? "software: the ffmpeg program makes JPEGs of it" : "";
    this.#info = { codec, width, height, fps, decoder };
    this.#opened.emit(this.#info);
  }
}
