import {
  AV_CODEC_FLAG_QSCALE,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  type AVChromaLocation,
  type AVColorPrimaries,
  type AVColorRange,
  type AVColorSpace,
  type AVColorTransferCharacteristic,
  AVERROR_EAGAIN,
  type AVPixelFormat,
  Codec,
  CodecContext,
  type FFEncoderCodec,
  Frame,
  Packet,
  Rational,
} from "node-av";
import { type Closable, Scope } from "../../base/index.ts";
import { monotonicUs } from "../../node/index.ts";
import { checkLibav, encoderFailure } from "./libav.ts";
import type { Size } from "./picture-size.ts";
import { VaapiUpload } from "./vaapi-upload.ts";

/** Rate control of a video encoder. */
export type RateLimit = { readonly bitrateBps: number; readonly bufferBits: number };

/** Colour tags as libav's numbers; they must say what the conversion really did. */
export type ColourTags = {
  readonly range: AVColorRange;
  readonly matrix: AVColorSpace;
  readonly primaries: AVColorPrimaries;
  readonly transfer: AVColorTransferCharacteristic;
  readonly chromaLocation: AVChromaLocation;
};

/** Everything libav needs to open one encoder. */
export type LibavEncoderSpec = {
  readonly name: string;
  readonly size: Size;
  readonly fps: number;
  /** Format of the frame that the pixels are converted into. */
  readonly pixelFormat: AVPixelFormat;
  /** The encoder takes surfaces of VAAPI only; frames are uploaded to it. */
  readonly upload?: "vaapi";
  readonly colour: ColourTags;
  readonly options: Readonly<Record<string, string>>;
  readonly gopSize?: number;
  readonly rate?: RateLimit;
  readonly threads?: number;
  /** Fixed quality (libav's lambda) instead of a rate. */
  readonly quality?: number;
};

/** What an encoder gives back for one frame; `data` is valid until the next one. */
export type Compressed = { readonly data: Uint8Array; readonly keyframe: boolean };

/** An encoder that takes longer than this for one picture is treated as failed. */
const MAX_WAIT_US = 250_000;
const WAIT_STEP_MS = 1;
const waitCell = new Int32Array(new SharedArrayBuffer(4));

/** One libav encoder with the one frame it is fed from: a picture in, its bytes out, at once. */
export class LibavEncoder implements Closable {
  readonly #scope = new Scope();
  readonly #name: string;
  readonly #context: CodecContext;
  readonly #frame: Frame;
  readonly #packet: Packet;
  readonly #upload: VaapiUpload | undefined;
  #lastPts = -1n;

  /** Throws EnvironmentError with libav's reason when the encoder cannot be opened. */
  constructor(spec: LibavEncoderSpec) {
    this.#name = spec.name;
    try {
      this.#context = this.#openContext(spec);
      this.#upload = spec.upload === "vaapi" ? this.#attachUpload(spec) : undefined;
      checkLibav(this.#context.open2Sync(null), "Opening it");
      this.#frame = this.#allocateFrame(spec);
      this.#packet = new Packet();
      this.#packet.alloc();
      this.#scope.defer(() => this.#packet.free());
    } catch (error) {
      this.#scope.close();
      throw error;
    }
  }

  /**
   * The frame to write the picture's planes to. It keeps its content from picture to picture; an encoder that still
   * holds the last one gets to keep it, and this is a copy.
   */
  writableFrame(): Frame {
    if (!this.#frame.isWritable) checkLibav(this.#frame.makeWritable(), "Copying the frame");
    return this.#frame;
  }

  /** Compresses the frame as it is now. Throws EnvironmentError when the encoder fails or keeps the picture to itself. */
  compress(keyframe: boolean, timestampUs: number): Compressed {
    const pts = BigInt(Math.round(timestampUs));
    this.#lastPts = pts > this.#lastPts ? pts : this.#lastPts + 1n;
    this.#frame.pts = this.#lastPts;
    this.#frame.pictType = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    this.#packet.unref();
    const frame = this.#upload === undefined ? this.#frame : this.#upload.upload(this.#frame);
    checkLibav(this.#context.sendFrameSync(frame), "Encoding");
    this.#receive();
    const data = this.#packet.data;
    if (data === null || data.length === 0) throw encoderFailure(`${this.#name} gave an empty picture`);
    return { data, keyframe: this.#packet.isKeyframe };
  }

  /** Changes the rate limit. Only encoders that look at it again with every picture heed it: x264. */
  setRate(rate: RateLimit): void {
    this.#context.rcMaxRate = BigInt(rate.bitrateBps);
    this.#context.rcBufferSize = rate.bufferBits;
  }

  close(): void {
    this.#scope.close();
  }

  /** Hardware may need some milliseconds more after it took the frame. */
  #receive(): void {
    const startUs = monotonicUs();
    let code = this.#context.receivePacketSync(this.#packet);
    while (code === AVERROR_EAGAIN) {
      if (monotonicUs() - startUs > MAX_WAIT_US) throw encoderFailure(`${this.#name} holds pictures back`);
      Atomics.wait(waitCell, 0, 0, WAIT_STEP_MS);
      code = this.#context.receivePacketSync(this.#packet);
    }
    checkLibav(code, "Encoding");
  }

  #openContext(spec: LibavEncoderSpec): CodecContext {
    const codec = Codec.findEncoderByName(spec.name as FFEncoderCodec);
    if (codec === null) throw encoderFailure("not part of this build of FFmpeg");
    const context = new CodecContext();
    context.allocContext3(codec);
    this.#scope.defer(() => context.freeContext());
    context.width = spec.size.width;
    context.height = spec.size.height;
    context.pixelFormat = spec.pixelFormat;
    context.timeBase = new Rational(1, 1_000_000);
    context.framerate = new Rational(spec.fps, 1);
    context.maxBFrames = 0;
    context.colorRange = spec.colour.range;
    context.colorSpace = spec.colour.matrix;
    context.colorPrimaries = spec.colour.primaries;
    context.colorTrc = spec.colour.transfer;
    context.chromaLocation = spec.colour.chromaLocation;
    // Not through open2's dictionary: node-av 6.1 frees that one twice, now or when it is collected.
    for (const [name, value] of Object.entries(spec.options)) {
      checkLibav(context.setOption(name, value), `Setting ${name}=${value}`);
    }
    if (spec.gopSize !== undefined) context.gopSize = spec.gopSize;
    if (spec.threads !== undefined) context.threadCount = spec.threads;
    if (spec.rate !== undefined) {
      context.rcMaxRate = BigInt(spec.rate.bitrateBps);
      context.rcBufferSize = spec.rate.bufferBits;
      // x264 with a crf takes no target rate; the hardware encoders aim at their limit.
      if (spec.options.crf === undefined) context.bitRate = BigInt(spec.rate.bitrateBps);
    }
    if (spec.quality !== undefined) {
      context.setFlags(AV_CODEC_FLAG_QSCALE);
      context.globalQuality = spec.quality;
      context.qMin = 1;
    }
    return context;
  }

  #attachUpload(spec: LibavEncoderSpec): VaapiUpload {
    const upload = this.#scope.add(new VaapiUpload(spec.size, spec.pixelFormat));
    upload.attach(this.#context);
    return upload;
  }

  #allocateFrame(spec: LibavEncoderSpec): Frame {
    const frame = new Frame();
    frame.alloc();
    this.#scope.defer(() => frame.free());
    frame.width = spec.size.width;
    frame.height = spec.size.height;
    frame.format = spec.pixelFormat;
    frame.colorRange = spec.colour.range;
    frame.colorSpace = spec.colour.matrix;
    if (spec.quality !== undefined) frame.quality = spec.quality;
    checkLibav(frame.getBuffer(0), "Allocating the frame");
    for (const plane of frame.data ?? []) plane.fill(0x80);
    return frame;
  }
}
