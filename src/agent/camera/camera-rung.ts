import type { Frame } from "node-av";
import { type Closable, EnvironmentError } from "../../base/index.ts";
import { type PictureKind, pictureHeaderBytes, type RungBudget, writePictureHeader } from "../../protocol/index.ts";
import { type FailoverEncoder, openEncoder, pictureSize } from "../encode/index.ts";
import { Pace } from "../pace.ts";
import { type PictureCost, RungMeter } from "../rung-meter.ts";
import type { CameraPacket, TakenPacket } from "./engine.ts";
import { codecStringOf } from "./libav/access-units.ts";
import { passthroughObstacle, pictureRate, type SourceStream } from "./passthrough.ts";
import type { CameraRungRequest, CameraThreadReport } from "./thread-messages.ts";

/** Viewers that keep asking for keyframes share one. */
const MIN_KEYFRAME_INTERVAL_US = 250_000;

/** A decoded picture: when it was taken, and how long its decoding took. */
export type DecodedPicture = {
  readonly frame: Frame;
  readonly takenUs: number;
  readonly decodeUs: number;
};

export type CameraRungOptions = {
  readonly request: CameraRungRequest;
  /** Whether a hardware encoder may be used. */
  readonly hardware: boolean;
  readonly report: (report: CameraThreadReport) => void;
  readonly nowUs: () => number;
  /** No encoder can make this rung (any more); the owner closes it. */
  readonly onFailed: (error: EnvironmentError | RangeError) => void;
};

type Size = { readonly width: number; readonly height: number };
type Encoding = { readonly encoder: FailoverEncoder; readonly source: Size; readonly picture: Size };

/**
 * One encoding of a camera: its own stream passed on, or its decoded pictures encoded. It changes from one to the other
 * by itself, at a keyframe, whenever its budget or the source ask for it.
 */
export class CameraRung implements Closable {
  readonly meter: RungMeter;
  readonly #options: CameraRungOptions;
  readonly #pace: Pace;
  #request: CameraRungRequest;
  #mode: "none" | "passthrough" | "transcoding" = "none";
  /** Why it has to be encoded; undefined where the source's own pictures do. */
  #obstacle: string | undefined = "nothing is known of the source yet";
  #stream: SourceStream | undefined;
  #codecString = "";
  #encoding: Encoding | undefined;
  /** The newest picture that had to wait for credit or its turn. */
  #pending: DecodedPicture | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sequence = 0;
  #acked = 0;
  #keyframeWanted = true;
  #keyframeUs = Number.NEGATIVE_INFINITY;

  constructor(options: CameraRungOptions) {
    this.#options = options;
    this.#request = options.request;
    this.#pace = new Pace(pictureRate(options.request));
    this.meter = new RungMeter(options.nowUs());
  }

  /** Whether it needs decoded pictures, now or to change over to them. */
  get wantsFrames(): boolean {
    return this.#stream !== undefined && this.#obstacle !== undefined;
  }

  /** Encoder, its reason and the picture's size; undefined before the first picture. */
  get description(): { encoder: string; encoderReason: string; width: number; height: number } | undefined {
    if (this.#mode === "passthrough" && this.#stream !== undefined) {
      const { width, height } = this.#stream;
      return { encoder: "passthrough", encoderReason: PASSTHROUGH_REASON, width, height };
    }
    const encoding = this.#encoding;
    if (encoding === undefined) return undefined;
    return { encoder: encoding.encoder.encoder, encoderReason: this.#encoderReason(encoding), ...encoding.picture };
  }

  /** The source is, or has become, this. */
  setStream(stream: SourceStream): void {
    this.#stream = stream;
    this.#choose();
  }

  setBudget(budget: RungBudget): void {
    this.#request = { ...this.#request, budget };
    this.#pace.setRate(pictureRate(this.#request));
    this.#guard(() => this.#encoding?.encoder.retune(budget));
    this.#choose();
  }

  setCredits(credits: number): void {
    this.#request = { ...this.#request, credits };
    this.#encodePending();
  }

  /** The picture `sequence` and all before it arrived. Acks from the future or the past are ignored. */
  ack(sequence: number): void {
    const ahead = (this.#sequence - sequence) >>> 0;
    if (ahead < (this.#sequence - this.#acked) >>> 0) this.#acked = sequence;
    this.#encodePending();
  }

  /** The next encoded picture needs nothing earlier; keyframes of a passed-on stream are the camera's. */
  requestKeyframe(): void {
    if (this.#options.nowUs() - this.#keyframeUs >= MIN_KEYFRAME_INTERVAL_US) this.#keyframeWanted = true;
  }

  /** A picture as the source sent it; passed on where this rung is made of those. */
  offerPacket(packet: TakenPacket): void {
    if (this.#obstacle !== undefined && this.#mode !== "passthrough") return;
    if (this.#mode !== "passthrough" && !packet.keyframe) return;
    if (packet.kind !== this.#request.codec) return;
    if (packet.keyframe) this.#announcePassthrough(packet);
    if (this.#mode !== "passthrough") return;
    const nowUs = this.#options.nowUs();
    if (packet.kind === "jpeg") {
      if (this.#pace.delayUs(nowUs) > 0) {
        this.meter.deferred();
        return;
      }
      this.#pace.spend(nowUs);
    }
    const stream = this.#stream;
    if (stream === undefined) return;
    const cost = { waitUs: nowUs - packet.takenUs, grabUs: 0, convertUs: 0, encodeUs: 0 };
    this.#send(packet, stream, cost, packet.takenUs);
    // It is not gated by credits; should it be encoded later, none of it counts as in flight.
    this.#acked = this.#sequence;
  }

  /** A decoded picture, borrowed until the call returns; encoded now, or kept as the newest one for its turn. */
  offerFrame(picture: DecodedPicture): void {
    if (this.#obstacle === undefined) return;
    if (this.#waitUs() > 0) {
      this.#keep(picture);
      return;
    }
    this.#dropPending();
    this.#encode(picture);
  }

  close(): void {
    this.#dropPending();
    this.#encoding?.encoder.close();
    this.#encoding = undefined;
  }

  #choose(): void {
    if (this.#stream !== undefined) this.#obstacle = passthroughObstacle(this.#request, this.#stream);
  }

  /** Microseconds until a picture may be encoded; Infinity while no credit is left. */
  #waitUs(): number {
    if ((this.#sequence - this.#acked) >>> 0 >= this.#request.credits) return Number.POSITIVE_INFINITY;
    return this.#pace.delayUs(this.#options.nowUs());
  }

  #keep(picture: DecodedPicture): void {
    if (this.#pending !== undefined) this.meter.deferred();
    this.#dropPending();
    const frame = picture.frame.clone();
    if (frame === null) return;
    this.#pending = { ...picture, frame };
    this.#encodePending();
  }

  #dropPending(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending?.frame.free();
    this.#pending = undefined;
  }

  #encodePending(): void {
    const picture = this.#pending;
    if (picture === undefined) return;
    const waitUs = this.#waitUs();
    clearTimeout(this.#timer);
    if (waitUs === Number.POSITIVE_INFINITY) return;
    if (waitUs > 0) {
      this.#timer = setTimeout(() => this.#encodePending(), waitUs / 1000);
      return;
    }
    this.#pending = undefined;
    try {
      this.#encode(picture);
    } finally {
      picture.frame.free();
    }
  }

  #encode(picture: DecodedPicture): void {
    this.#guard(() => this.#encodeNow(picture));
  }

  /** A source that is too small for any encoder is a RangeError. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof EnvironmentError || error instanceof RangeError)) throw error;
      this.#options.onFailed(error);
    }
  }

  #encodeNow(picture: DecodedPicture): void {
    const { frame, takenUs } = picture;
    const { encoder, picture: size } = this.#encoder(frame);
    this.#pace.spend(this.#options.nowUs());
    const whole = { x: 0, y: 0, width: frame.width, height: frame.height };
    const encoded = encoder.encode(frame, [whole], { keyframe: this.#keyframeWanted, timestampUs: takenUs });
    if (encoded.keyframe) {
      this.#keyframeWanted = false;
      this.#keyframeUs = this.#options.nowUs();
    }
    const { convertUs, encodeUs } = encoded;
    const waitUs = Math.max(0, this.#options.nowUs() - takenUs - picture.decodeUs - convertUs - encodeUs);
    const kind = encoder.codec === "jpeg" ? "jpeg" : "h264";
    const cost = { waitUs, grabUs: picture.decodeUs, convertUs, encodeUs };
    this.#send({ kind, data: encoded.data, keyframe: encoded.keyframe }, size, cost, takenUs);
  }

  /** The encoder for such frames, opened anew where their size has changed. */
  #encoder({ width, height }: Size): Encoding {
    const known = this.#encoding;
    if (known?.source.width === width && known.source.height === height && this.#mode === "transcoding") return known;
    known?.encoder.close();
    const { codec, settings, budget } = this.#request;
    const encoder = openEncoder({
      codec,
      settings: this.#options.hardware ? settings : { ...settings, hardware: false },
      sourceWidth: width,
      sourceHeight: height,
      ...(budget === undefined ? {} : { limits: budget }),
    });
    const encoding = {
      encoder,
      source: { width, height },
      picture: pictureSize({ width, height }, settings, codec === "h264"),
    };
    encoder.onSwitch(({ from, to, reason }) => {
      const text = `The encoder ${from} was replaced by ${to}: ${reason}.`;
      this.#options.report({ type: "notice", level: "warning", text });
      this.#announceEncoding(encoding);
    });
    this.#encoding = encoding;
    this.#mode = "transcoding";
    this.#keyframeWanted = true;
    this.#announceEncoding(encoding);
    return encoding;
  }

  #encoderReason({ encoder }: Encoding): string {
    return `encoded because ${this.#obstacle}; ${encoder.reason}`.slice(0, MAX_REASON_LENGTH);
  }

  #announceEncoding(encoding: Encoding): void {
    const { codec, codecString, encoder: name } = encoding.encoder;
    this.#options.report({
      type: "rung",
      rung: this.#request.rung,
      codec,
      codecString,
      ...encoding.picture,
      encoder: name,
      encoderReason: this.#encoderReason(encoding),
      passthrough: false,
    });
  }

  #announcePassthrough(packet: CameraPacket): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const { codec, rung } = this.#request;
    const codecString = codec === "jpeg" ? "image/jpeg" : codecStringOf(packet.data);
    if (codecString === undefined) return;
    const { width, height } = stream;
    const key = `${codecString} ${width}x${height}`;
    if (this.#mode === "passthrough" && this.#codecString === key) return;
    this.close();
    this.#mode = "passthrough";
    this.#codecString = key;
    const about = { encoder: "passthrough", encoderReason: PASSTHROUGH_REASON, passthrough: true };
    this.#options.report({ type: "rung", rung, codec, codecString, width, height, ...about });
  }

  #send(
    { kind, data, keyframe }: { kind: CameraPacket["kind"]; data: Uint8Array; keyframe: boolean },
    { width, height }: Size,
    cost: Omit<PictureCost, "bytes">,
    changeUs: number,
  ): void {
    const offset = pictureHeaderBytes(1);
    const message = new Uint8Array(offset + data.byteLength);
    message.set(data, offset);
    this.#sequence = (this.#sequence + 1) >>> 0;
    writePictureHeader(message, {
      kind: (kind === "jpeg" ? "jpeg" : "video") satisfies PictureKind,
      keyframe,
      intra: keyframe,
      rung: this.#request.rung,
      sequence: this.#sequence,
      width,
      height,
      inputViewer: 0,
      inputSequence: 0,
      changeUs,
      inputToChangeUs: undefined,
      ...cost,
      sendUs: 0,
      hubUs: 0,
      rects: [{ x: 0, y: 0, width, height }],
    });
    this.meter.picture({ ...cost, bytes: message.byteLength });
    this.#options.report({ type: "picture", message, encodedUs: this.#options.nowUs() });
  }
}

const PASSTHROUGH_REASON = "the camera's own stream";
/** What a short text of the protocol may hold. */
const MAX_REASON_LENGTH = 512;
