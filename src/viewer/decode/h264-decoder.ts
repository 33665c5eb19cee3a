import { BoundedQueue, describeError, Emitter, type Rect } from "../../base/index.ts";
import type { Picture } from "../../protocol/index.ts";
import type { DecodedImage, PictureDecoder } from "./decoder.ts";

/** Chunks inside the browser's decoder; more wait here, unacknowledged, so the sender slows down. */
const MAX_DECODING = 3;
/** Far above any credit; a sender that overruns it has broken the contract and is resynchronised by a keyframe. */
const MAX_WAITING = 32;

type Job = { readonly picture: Picture; readonly receivedUs: number };
type Started = Job & { readonly startedUs: number };

/** H.264 (Annex B) through WebCodecs, one access unit per picture message. */
export class H264Decoder implements PictureDecoder {
  readonly #nowUs: () => number;
  readonly #accepted = new Emitter<Picture>();
  readonly #picture = new Emitter<DecodedImage>();
  readonly #broken = new Emitter<string>();
  readonly #waiting = new BoundedQueue<Job>({ maxItems: MAX_WAITING, overflow: "refuse" });
  /** By chunk timestamp, which is a counter: the decoder hands it back with the frame. */
  readonly #started = new Map<number, Started>();
  readonly #config: VideoDecoderConfig;
  #decoder: VideoDecoder | undefined;
  #timestamp = 0;

  readonly onAccepted = this.#accepted.event;
  readonly onPicture = this.#picture.event;
  readonly onBroken = this.#broken.event;

  constructor(codecString: string, nowUs: () => number) {
    this.#nowUs = nowUs;
    this.#config = { codec: codecString, optimizeForLatency: true };
  }

  get inFlight(): number {
    return this.#started.size + this.#waiting.size;
  }

  decode(picture: Picture, receivedUs: number): void {
    // A keyframe makes everything that still waits superfluous.
    if (picture.keyframe) this.#waiting.clear();
    if (this.#waiting.push({ picture, receivedUs }) !== undefined) {
      this.#break("More pictures arrived than the decoder can take.");
      return;
    }
    this.#feed();
  }

  close(): void {
    this.#waiting.clear();
    this.#started.clear();
    if (this.#decoder !== undefined && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = undefined;
  }

  #feed(): void {
    while (this.#waiting.size > 0 && (this.#decoder?.decodeQueueSize ?? 0) < MAX_DECODING) {
      const job = this.#waiting.shift() as Job;
      this.#start(job);
    }
  }

  #start(job: Job): void {
    const timestamp = this.#timestamp;
    this.#timestamp += 1;
    try {
      this.#decoder ??= this.#openDecoder();
      this.#started.set(timestamp, { ...job, startedUs: this.#nowUs() });
      const type = job.picture.keyframe || job.picture.intra ? "key" : "delta";
      this.#decoder.decode(
        new EncodedVideoChunk({ type, timestamp, data: job.picture.payload as Uint8Array<ArrayBuffer> }),
      );
    } catch (error) {
      this.#break(describeError(error));
      return;
    }
    this.#accepted.emit(job.picture);
  }

  #openDecoder(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => this.#deliver(decoder, frame),
      error: (error) => {
        if (decoder === this.#decoder) this.#break(error.message);
      },
    });
    decoder.addEventListener("dequeue", () => this.#feed());
    decoder.configure(this.#config);
    return decoder;
  }

  #deliver(decoder: VideoDecoder, frame: VideoFrame): void {
    const job = this.#started.get(frame.timestamp);
    if (job === undefined || decoder !== this.#decoder) {
      frame.close();
      return;
    }
    const rects = this.#takeRects(frame.timestamp);
    const { picture, receivedUs } = job;
    const decodeUs = this.#nowUs() - job.startedUs;
    this.#picture.emit({ kind: "image", image: frame, picture, rects, receivedUs, decodeUs });
  }

  /** Output comes in order, so whatever is older than this frame will never come out: its damage is drawn now. */
  #takeRects(timestamp: number): readonly Rect[] {
    const rects: Rect[] = [];
    for (const [key, job] of this.#started) {
      if (key > timestamp) break;
      rects.push(...job.picture.rects);
      this.#started.delete(key);
    }
    return rects;
  }

  #break(reason: string): void {
    this.close();
    this.#broken.emit(reason);
  }
}
