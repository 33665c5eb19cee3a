import { AV_CODEC_ID_H264, AV_CODEC_ID_MJPEG, Codec, type Frame, Packet } from "node-av";
import { type Closable, EnvironmentError } from "../../../base/index.ts";
import { monotonicUs } from "../../../node/index.ts";
import type { DecodedPicture } from "../camera-rung.ts";
import type { CameraPacket, TakenPacket } from "../engine.ts";
import { PictureDecoder } from "./picture-decoder.ts";

/** Decodes the packets of one source, once for everybody who needs pixels; opened with the first packet. */
export class PictureFeed implements Closable {
  readonly #hardware: boolean;
  readonly #packet = new Packet();
  #decoder: PictureDecoder | undefined;
  #kind: CameraPacket["kind"] | undefined;
  #reordered = false;
  #failed = 0;

  constructor(hardware: boolean) {
    this.#hardware = hardware;
    this.#packet.alloc();
  }

  /** Whether a decoder is open, so that packets follow on from those before. */
  get running(): boolean {
    return this.#decoder !== undefined;
  }

  /** Pictures that could not be decoded. */
  get failed(): number {
    return this.#failed;
  }

  /** The decoder in use and why; empty while nothing is decoded. */
  get description(): string {
    return this.#decoder?.description ?? "";
  }

  /**
   * Decodes packets in order and passes on the newest picture that comes out; those before it are only needed for it. The
   * frame is freed after `use` has returned. Throws EnvironmentError where no decoder can be opened.
   */
  decode(packets: readonly TakenPacket[], reordered: boolean, use: (picture: DecodedPicture) => void): void {
    let newest: DecodedPicture | undefined;
    for (const packet of packets) {
      const decodeStartUs = monotonicUs();
      for (const frame of this.#frames(packet, reordered)) {
        newest?.frame.free();
        // The decoder hands the packet's time on to the picture that it becomes.
        const takenUs = frame.pts > 0n ? Number(frame.pts) : packet.takenUs;
        newest = { frame, takenUs, decodeUs: monotonicUs() - decodeStartUs };
      }
    }
    if (newest === undefined) return;
    try {
      use(newest);
    } finally {
      newest.frame.free();
    }
  }

  /** Closes the decoder: nobody needs pixels now, or the next packet belongs to another stream. */
  stop(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
  }

  close(): void {
    this.stop();
    this.#packet.free();
  }

  #frames({ kind, data, takenUs }: TakenPacket, reordered: boolean): Frame[] {
    if (kind !== this.#kind || reordered !== this.#reordered) this.stop();
    this.#kind = kind;
    this.#reordered = reordered;
    this.#decoder ??= this.#open(kind, reordered);
    this.#packet.unref();
    this.#packet.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    this.#packet.pts = BigInt(Math.round(takenUs));
    this.#packet.dts = this.#packet.pts;
    try {
      return this.#decoder.decode(this.#packet);
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#failed += 1;
      return [];
    }
  }

  #open(kind: CameraPacket["kind"], reordered: boolean): PictureDecoder {
    const codec = Codec.findDecoder(kind === "h264" ? AV_CODEC_ID_H264 : AV_CODEC_ID_MJPEG);
    if (codec === null) {
      throw new EnvironmentError(`This build of FFmpeg cannot decode ${kind}.`, "Install the package anew.");
    }
    return new PictureDecoder({ codec, hardware: this.#hardware, lowDelay: !reordered });
  }
}
