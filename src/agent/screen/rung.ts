import { addDamage, type Closable, type Rect } from "../../base/index.ts";
import { pictureHeaderBytes, writePictureHeader } from "../../protocol/index.ts";
import type { Grab, PixelBuffer } from "../capture/capturer.ts";
import type { PictureEncoder } from "../encode/encoder.ts";
import type { InjectedInput } from "./input-mark.ts";
import { Pace } from "./pace.ts";
import { RungMeter } from "./rung-meter.ts";
import type { RungRequest } from "./thread-messages.ts";

/** Rectangles of damage a rung keeps while it waits for credit; more are merged. */
const MAX_PENDING_RECTS = 32;

/** A keyframe is many pictures' worth of bytes: viewers that keep asking share one. */
const MIN_KEYFRAME_INTERVAL_US = 250_000;

/**
 * One encoding of the source: which damage its viewers have not seen, how many pictures are unacknowledged, and when the
 * next one may be made. What cannot be sent is not encoded; its damage waits and joins the next picture.
 */
export class Rung implements Closable {
  readonly request: RungRequest;
  readonly encoder: PictureEncoder;
  readonly meter: RungMeter;
  readonly #pace: Pace;
  readonly #pending: Rect[] = [];
  #changeUs = 0;
  #credits: number;
  #sequence: number;
  #acked: number;
  #keyframeWanted = true;
  #keyframeUs = Number.NEGATIVE_INFINITY;

  /** `sequence` is that of the rung's last picture so far: 0, or where it stood before the source was reopened. */
  constructor(request: RungRequest, encoder: PictureEncoder, nowUs: number, sequence: number) {
    this.request = request;
    this.#sequence = sequence;
    this.#acked = sequence;
    this.encoder = encoder;
    this.meter = new RungMeter(nowUs);
    this.#pace = new Pace(request.settings.fps);
    this.#credits = request.credits;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get hasDamage(): boolean {
    return this.#pending.length > 0;
  }

  get hasCredit(): boolean {
    return (this.#sequence - this.#acked) >>> 0 < this.#credits;
  }

  /** Microseconds until a picture may be made, were there credit; 0 for now. */
  delayUs(nowUs: number): number {
    return this.#pace.delayUs(nowUs);
  }

  setCredits(credits: number): void {
    this.#credits = credits;
  }

  /** The picture `sequence` and all before it arrived. Acks from the future or the past are ignored. */
  ack(sequence: number): void {
    const ahead = (this.#sequence - sequence) >>> 0;
    if (ahead < (this.#sequence - this.#acked) >>> 0) this.#acked = sequence;
  }

  /** Asks that the next picture decodes by itself and covers everything. Returns whether it took effect or is already due. */
  requestKeyframe(nowUs: number): boolean {
    if (nowUs - this.#keyframeUs < MIN_KEYFRAME_INTERVAL_US) return false;
    this.#keyframeWanted = true;
    return true;
  }

  /** Pixels changed that this rung's viewers have not seen. */
  addDamage(rects: readonly Rect[], changeUs: number): void {
    if (this.#pending.length === 0) this.#changeUs = changeUs;
    else this.meter.deferred();
    for (const rect of rects) addDamage(this.#pending, rect, MAX_PENDING_RECTS);
  }

  /**
   * Encodes everything pending from the kept picture into a picture message, of which the caller becomes the owner.
   * Throws what the encoder throws; the damage then stays pending.
   */
  encode(
    buffer: PixelBuffer,
    grab: Pick<Grab, "grabStartUs" | "grabEndUs">,
    input: InjectedInput | undefined,
  ): Uint8Array<ArrayBuffer> {
    const keyframe = this.#keyframeWanted;
    const encoded = this.encoder.encode(buffer, this.#pending, { keyframe, timestampUs: grab.grabStartUs });
    const offset = pictureHeaderBytes(encoded.rects.length);
    const message = new Uint8Array(offset + encoded.data.byteLength);
    message.set(encoded.data, offset);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const cost = {
      waitUs: grab.grabStartUs - this.#changeUs,
      grabUs: grab.grabEndUs - grab.grabStartUs,
      convertUs: encoded.convertUs,
      encodeUs: encoded.encodeUs,
    };
    const inputToChangeUs = input === undefined ? -1 : this.#changeUs - input.injectedUs;
    writePictureHeader(message, {
      kind: this.request.codec === "jpeg" ? "jpeg" : "video",
      keyframe: encoded.keyframe,
      intra: encoded.keyframe,
      rung: this.request.rung,
      sequence: this.#sequence,
      width: this.encoder.width,
      height: this.encoder.height,
      inputViewer: input?.viewer ?? 0,
      inputSequence: input?.sequence ?? 0,
      changeUs: this.#changeUs,
      inputToChangeUs: inputToChangeUs >= 0 ? inputToChangeUs : undefined,
      ...cost,
      sendUs: 0,
      hubUs: 0,
      rects: encoded.rects,
    });
    if (encoded.keyframe) {
      this.#keyframeWanted = false;
      this.#keyframeUs = grab.grabStartUs;
    }
    this.#pending.length = 0;
    this.#pace.spend(grab.grabStartUs);
    this.meter.picture({ ...cost, bytes: message.byteLength });
    return message;
  }

  close(): void {
    this.encoder.close();
  }
}
