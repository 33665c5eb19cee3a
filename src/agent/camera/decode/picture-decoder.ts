import {
  AV_CODEC_FLAG_LOW_DELAY,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type Codec,
  CodecContext,
  type CodecParameters,
  FFmpegError,
  Frame,
  HardwareDeviceContext,
  type Packet,
} from "node-av";
import { type Closable, describeError, EnvironmentError, Scope } from "../../../base/index.ts";
import { type HardwareDecoding, hardwareDecodings } from "./hardware-decoding.ts";

const REMEDY = "Check that the camera sends a codec that FFmpeg decodes.";
/** A hardware decoder that fails so often in a row is given up. */
const MAX_HARDWARE_FAILURES = 3;

export type PictureDecoderOptions = {
  readonly codec: Codec;
  /** The stream's own, where there is one; packets alone are enough for H.264 and JPEG. */
  readonly parameters?: CodecParameters;
  readonly hardware: boolean;
  /** Each picture comes out at once; only for streams without B pictures. */
  readonly lowDelay: boolean;
  /** What to try before software; what this machine may have unless a test says otherwise. */
  readonly candidates?: readonly HardwareDecoding[];
};

/**
 * Decodes one source, in hardware where that really works. A hardware decoder that fails, at the start or later, is
 * replaced by the next one and at last by software; until the next keyframe the pictures are then damaged or missing.
 */
export class PictureDecoder implements Closable {
  readonly #options: PictureDecoderOptions;
  readonly #candidates: HardwareDecoding[];
  readonly #passedOver: string[] = [];
  #current: OpenDecoder;
  #failures = 0;

  /** Throws EnvironmentError when not even software can be opened. */
  constructor(options: PictureDecoderOptions) {
    this.#options = options;
    this.#candidates = options.hardware ? [...(options.candidates ?? hardwareDecodings(options.codec))] : [];
    this.#current = this.#open();
  }

  /** "software" or the hardware's name, with the reason. */
  get description(): string {
    const { name } = this.#current;
    if (this.#passedOver.length > 0) return `${name} (${this.#passedOver.join("; ")})`;
    if (name !== "software") return name;
    return this.#options.hardware ? "software (no hardware decoder is here)" : "software (hardware is switched off)";
  }

  /** The frames that this packet completes; the caller frees them. Throws EnvironmentError on a damaged packet. */
  decode(packet: Packet): Frame[] {
    try {
      const frames = this.#current.decode(packet);
      this.#failures = 0;
      return frames;
    } catch (error) {
      this.#failures += 1;
      if (this.#current.name === "software" || this.#failures < MAX_HARDWARE_FAILURES) throw error;
      this.#passOver(this.#current.name, error);
      this.#current.close();
      this.#current = this.#open();
      this.#failures = 0;
      return [];
    }
  }

  /** Forgets what was decoded: the next packet belongs to another place of the stream. */
  flush(): void {
    this.#current.flush();
  }

  close(): void {
    this.#current.close();
  }

  #passOver(name: string, error: unknown): void {
    const text = error instanceof Error ? error.message : describeError(error);
    this.#passedOver.push(`${name}: ${text.replace(/\.$/, "")}`);
  }

  #open(): OpenDecoder {
    for (;;) {
      const hardware = this.#candidates.shift();
      if (hardware === undefined) return new OpenDecoder(this.#options, undefined);
      try {
        return new OpenDecoder(this.#options, hardware);
      } catch (error) {
        this.#passOver(hardware.name, error);
      }
    }
  }
}

class OpenDecoder implements Closable {
  readonly name: string;
  readonly #scope = new Scope();
  readonly #context = new CodecContext();
  readonly #failAtPacket: number;
  #packets = 0;

  constructor({ codec, parameters, lowDelay }: PictureDecoderOptions, hardware: HardwareDecoding | undefined) {
    this.name = hardware?.name ?? "software";
    this.#failAtPacket = hardware?.failAtPacket ?? Number.POSITIVE_INFINITY;
    this.#context.allocContext3(codec);
    this.#scope.defer(() => this.#context.freeContext());
    try {
      if (parameters !== undefined) check(this.#context.parametersToContext(parameters), "Preparing the decoder");
      // Threads that work on several pictures hold as many back.
      this.#context.threadCount = 1;
      if (lowDelay) this.#context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
      if (hardware?.device !== undefined) this.#attach(hardware.name, hardware.device);
      check(this.#context.open2Sync(null), "Opening the decoder");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  decode(packet: Packet): Frame[] {
    this.#packets += 1;
    if (this.#packets >= this.#failAtPacket) throw new EnvironmentError("It failed as it was told to.", REMEDY);
    check(this.#context.sendPacketSync(packet), "Decoding");
    const frames: Frame[] = [];
    try {
      for (;;) {
        const frame = this.#receive();
        if (frame === undefined) return frames;
        frames.push(frame);
      }
    } catch (error) {
      for (const frame of frames) frame.free();
      throw error;
    }
  }

  flush(): void {
    this.#context.flushBuffers();
  }

  close(): void {
    this.#scope.close();
  }

  #attach(name: string, { type, pixelFormat }: NonNullable<HardwareDecoding["device"]>): void {
    const device = new HardwareDeviceContext();
    check(device.create(type, null, null), `Opening ${name}`);
    this.#scope.defer(() => device.free());
    this.#context.hwDeviceCtx = device;
    this.#context.setHardwarePixelFormat(pixelFormat);
  }

  #receive(): Frame | undefined {
    const frame = new Frame();
    frame.alloc();
    try {
      const code = this.#context.receiveFrameSync(frame);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) {
        frame.free();
        return undefined;
      }
      check(code, "Decoding");
      return frame.isHwFrame() ? download(frame) : frame;
    } catch (error) {
      frame.free();
      throw error;
    }
  }
}

/** Copies a surface into memory and frees it. */
function download(surface: Frame): Frame {
  const frame = new Frame();
  frame.alloc();
  try {
    check(surface.hwframeTransferDataSync(frame, 0), "Fetching the picture from the hardware");
    check(frame.copyProps(surface), "Fetching the picture from the hardware");
  } catch (error) {
    frame.free();
    throw error;
  }
  surface.free();
  return frame;
}

function check(code: number, action: string): void {
  if (code >= 0) return;
  throw new EnvironmentError(`${action} failed: ${FFmpegError.strerror(code).toLowerCase()}.`, REMEDY);
}
