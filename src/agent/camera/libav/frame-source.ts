import { Codec, type Frame, type Packet, type Stream } from "node-av";
import { type Closable, EnvironmentError } from "../../../base/index.ts";
import { PictureDecoder } from "../decode/picture-decoder.ts";

/** Pictures of a codec that no viewer takes, decoded where they are read. */
export class FrameSource implements Closable {
  /** FFmpeg's name of the source's codec. */
  readonly codec: string;
  readonly #decoder: PictureDecoder;
  #failed = 0;

  /** Throws EnvironmentError where this build of libav has no decoder for the stream. */
  constructor(stream: Stream, hardware: boolean) {
    const codec = Codec.findDecoder(stream.codecpar.codecId);
    if (codec === null) {
      throw new EnvironmentError(
        "This build of FFmpeg has no decoder for the source.",
        "Let the camera send H.264 or MJPEG.",
      );
    }
    // What lavfi and screen devices deliver is raw pictures in a wrapper.
    this.codec = codec.name === "wrapped_avframe" ? "rawvideo" : (codec.name ?? "unknown");
    const lowDelay = stream.codecpar.videoDelay === 0;
    this.#decoder = new PictureDecoder({ codec, parameters: stream.codecpar, hardware, lowDelay });
  }

  /** Packets that could not be decoded. */
  get failed(): number {
    return this.#failed;
  }

  get decoder(): string {
    return this.codec === "rawvideo" ? "" : this.#decoder.description;
  }

  /** The frames that the packet completes; the caller frees them. A damaged packet gives none and is counted. */
  decode(packet: Packet): Frame[] {
    try {
      return this.#decoder.decode(packet);
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#failed += 1;
      return [];
    }
  }

  flush(): void {
    this.#decoder.flush();
  }

  close(): void {
    this.#decoder.close();
  }
}
