import { Codec, CodecContext, type FFDecoderCodec, Frame, Packet } from "node-av";
import { type Closable, Scope } from "../../base/index.ts";
import { checkLibav, encoderFailure } from "./libav.ts";

/** One libav decoder that gives each picture back at once; to check what the encoders made. */
export class LibavDecoder implements Closable {
  readonly #scope = new Scope();
  readonly #context = new CodecContext();
  readonly #frame = new Frame();
  readonly #packet = new Packet();

  /** `name` as libav knows it: "h264", "mjpeg". Throws EnvironmentError when it cannot be opened. */
  constructor(name: string) {
    const codec = Codec.findDecoderByName(name as FFDecoderCodec);
    if (codec === null) throw encoderFailure("not part of this build of FFmpeg");
    this.#context.allocContext3(codec);
    this.#scope.defer(() => this.#context.freeContext());
    // Decoding threads hold one picture each.
    this.#context.threadCount = 1;
    this.#frame.alloc();
    this.#scope.defer(() => this.#frame.free());
    this.#packet.alloc();
    this.#scope.defer(() => this.#packet.free());
    try {
      checkLibav(this.#context.open2Sync(codec, null), "Opening it");
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The decoded picture, valid until the next call. Throws EnvironmentError when it does not come out at once. */
  decode(data: Uint8Array): Frame {
    this.#packet.unref();
    this.#packet.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    checkLibav(this.#context.sendPacketSync(this.#packet), "Decoding");
    checkLibav(this.#context.receiveFrameSync(this.#frame), "Decoding");
    return this.#frame;
  }

  close(): void {
    this.#scope.close();
  }
}
