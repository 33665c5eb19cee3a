import { type Closable, describeError } from "../../../base/index.ts";
import { avcCodecString, NalType, nalUnits, parseSps } from "../../../codecs/h264/index.ts";
import { type AgentCommand, type AgentMessage, encodePicture, type RungBudget } from "../../../protocol/index.ts";
import { codecForSize, fitSize, type Size } from "./picture-size.ts";

type OpenRung = Extract<AgentCommand, { type: "open-rung" }>;

/** Where a rung's messages go. */
export type RungOutput = {
  say(message: AgentMessage): void;
  deliver(bytes: Uint8Array<ArrayBuffer>): void;
  /** It cannot be encoded here; the rung is over. */
  failed(reason: string): void;
};

/** Frames inside the encoder; more are left out. */
const MAX_ENCODING = 2;

/** One encoding of the device's camera, H.264 or JPEG. Credits and budget of the hub pace it. */
export class PublishedRung implements Closable {
  readonly #open: OpenRung;
  readonly #output: RungOutput;
  readonly #canvas = new OffscreenCanvas(16, 16);
  #source: Size;
  #budget: RungBudget | undefined;
  #credits: number;
  #sequence = 0;
  #acknowledged = 0;
  #wantsKeyframe = true;
  #nextUs = 0;
  #encoding = 0;
  #encoder: VideoEncoder | undefined;
  #encoderKey = "";
  #told = "";
  #bits = 0;
  #closed = false;
  /** Begun and taken times by frame timestamp. */
  readonly #begun = new Map<number, { readonly takenUs: number; readonly beganUs: number }>();

  constructor(open: OpenRung, source: Size, output: RungOutput) {
    this.#open = open;
    this.#output = output;
    this.#source = source;
    this.#credits = open.credits;
    this.#budget = open.budget;
    if (open.codec !== "h264" && open.codec !== "jpeg") queueMicrotask(() => this.#fail("A page cannot encode this."));
  }

  setSource(source: Size): void {
    this.#source = source;
    this.#wantsKeyframe = true;
  }

  setCredits(credits: number): void {
    this.#credits = credits;
  }

  setBudget(budget: RungBudget): void {
    this.#budget = budget;
  }

  wantKeyframe(): void {
    this.#wantsKeyframe = true;
  }

  /** Everything up to this sequence has arrived. */
  acknowledged(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
  }

  /** Bits delivered since the last call. */
  takeBits(): number {
    const bits = this.#bits;
    this.#bits = 0;
    return bits;
  }

  /** Encodes the frame where rate and credits allow; it stays the caller's. */
  offer(frame: VideoFrame): void {
    const nowUs = performance.now() * 1000;
    const inFlight = this.#sequence + this.#encoding - this.#acknowledged;
    if (this.#closed || this.#encoding >= MAX_ENCODING || inFlight >= this.#credits) return;
    const fps = Math.min(this.#open.settings.fps, this.#budget?.fps ?? 120);
    // Half a frame early is in time, or a camera of the very same rate would lose every other picture.
    if (nowUs < this.#nextUs - 500_000 / fps) return;
    this.#nextUs = Math.max(this.#nextUs + 1_000_000 / fps, nowUs);
    try {
      if (this.#open.codec === "jpeg") this.#encodeJpeg(frame, nowUs);
      else this.#encodeVideo(frame, nowUs, fps);
    } catch (error) {
      this.#fail(describeError(error));
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#encoder !== undefined && this.#encoder.state !== "closed") this.#encoder.close();
    this.#encoder = undefined;
  }

  /** Size of the pictures, and of the video in them, which a small budget may make smaller. */
  #sizes(): { readonly picture: Size; readonly video: Size } {
    const picture = fitSize(this.#source, this.#open.settings);
    const budget = this.#budget;
    const video =
      budget === undefined ? picture : fitSize(picture, { width: budget.videoWidth, height: budget.videoHeight });
    return { picture, video };
  }

  #encodeVideo(frame: VideoFrame, takenUs: number, fps: number): void {
    const { video } = this.#sizes();
    const bitrate = Math.min(this.#open.settings.bitrate, this.#budget?.bitrate ?? Number.POSITIVE_INFINITY);
    const key = `${video.width}x${video.height}@${bitrate}/${fps}`;
    if (this.#encoder === undefined || key !== this.#encoderKey) {
      this.#encoderKey = key;
      this.#encoder ??= this.#openEncoder();
      const codec = codecForSize(video, fps);
      const shape = { codec, ...video, bitrate, framerate: fps };
      this.#encoder.configure({ ...shape, latencyMode: "realtime", avc: { format: "annexb" } });
      this.#wantsKeyframe = true;
    }
    const scaled = this.#scale(frame, video, takenUs);
    this.#begun.set(scaled.timestamp, { takenUs, beganUs: performance.now() * 1000 });
    this.#encoding += 1;
    this.#encoder.encode(scaled, { keyFrame: this.#wantsKeyframe });
    this.#wantsKeyframe = false;
    scaled.close();
  }

  #openEncoder(): VideoEncoder {
    return new VideoEncoder({
      output: (chunk) => this.#encoded(chunk),
      error: (error) => this.#fail(error.message),
    });
  }

  #encoded(chunk: EncodedVideoChunk): void {
    this.#encoding -= 1;
    const times = this.#begun.get(chunk.timestamp);
    this.#begun.delete(chunk.timestamp);
    if (this.#closed || times === undefined) return;
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const keyframe = chunk.type === "key";
    if (keyframe) this.#tell(codecStringOf(data) ?? codecForSize(this.#sizes().video, 30), "WebCodecs");
    this.#deliver("video", keyframe, data, times);
  }

  #encodeJpeg(frame: VideoFrame, takenUs: number): void {
    const { video } = this.#sizes();
    const beganUs = performance.now() * 1000;
    this.#draw(frame, video);
    this.#encoding += 1;
    const quality = this.#open.settings.jpegQuality / 100;
    void this.#canvas.convertToBlob({ type: "image/jpeg", quality }).then(
      async (blob) => {
        const data = new Uint8Array(await blob.arrayBuffer());
        this.#encoding -= 1;
        if (this.#closed) return;
        this.#tell("image/jpeg", "canvas");
        this.#deliver("jpeg", true, data, { takenUs, beganUs });
      },
      (error: unknown) => this.#fail(describeError(error)),
    );
  }

  #deliver(
    kind: "video" | "jpeg",
    keyframe: boolean,
    data: Uint8Array,
    { takenUs, beganUs }: { readonly takenUs: number; readonly beganUs: number },
  ): void {
    const { width, height } = this.#sizes().picture;
    this.#sequence += 1;
    this.#bits += data.byteLength * 8;
    const route = { kind, keyframe, intra: keyframe, rung: this.#open.rung, sequence: this.#sequence };
    const input = { inputViewer: 0, inputSequence: 0, inputToChangeUs: undefined };
    const encodeUs = performance.now() * 1000 - beganUs;
    const times = {
      changeUs: takenUs,
      waitUs: 0,
      grabUs: 0,
      convertUs: beganUs - takenUs,
      encodeUs,
      sendUs: 0,
      hubUs: 0,
    };
    const rects = [{ x: 0, y: 0, width, height }];
    this.#output.deliver(encodePicture({ ...route, ...input, ...times, width, height, rects }, data));
  }

  /** Announces the rung before its first picture, and when something about it is different. */
  #tell(codecString: string, encoder: string): void {
    const { width, height } = this.#sizes().picture;
    const properties = { codecString, width, height, encoder, encoderReason: "The browser's own." };
    const text = JSON.stringify(properties);
    if (text === this.#told) return;
    this.#told = text;
    const { rung, codec } = this.#open;
    this.#output.say({ type: "rung", rung, codec, ...properties });
  }

  #scale(frame: VideoFrame, size: Size, timestamp: number): VideoFrame {
    const fits = frame.displayWidth === size.width && frame.displayHeight === size.height;
    if (fits) return new VideoFrame(frame, { timestamp });
    this.#draw(frame, size);
    return new VideoFrame(this.#canvas, { timestamp });
  }

  #draw(frame: VideoFrame, { width, height }: Size): void {
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d", { alpha: false })?.drawImage(frame, 0, 0, width, height);
  }

  #fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#output.failed(`The browser cannot encode ${this.#open.codec}: ${reason}`);
  }
}

function codecStringOf(accessUnit: Uint8Array): string | undefined {
  const sps = nalUnits(accessUnit).find(({ type }) => type === NalType.sps);
  return sps === undefined ? undefined : avcCodecString(parseSps(accessUnit.subarray(sps.start, sps.end)));
}
