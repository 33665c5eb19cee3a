import { addDamage, type Closable, type Rect } from "../../base/index.ts";
import { pictureHeaderBytes, type RungBudget, type SentPixels, writePictureHeader } from "../../protocol/index.ts";
import type { Grab, PixelBuffer } from "../capture/capturer.ts";
import type { PictureEncoder } from "../encode/encoder.ts";
import { Pace } from "../pace.ts";
import { RungMeter } from "../rung-meter.ts";
import type { InjectedInput } from "./input-mark.ts";
import type { Plane, PlanePicture } from "./plane.ts";
import type { RungRequest } from "./thread-messages.ts";

/** Rectangles of damage a rung keeps while it waits for credit; more are merged. */
const MAX_PENDING_RECTS = 32;

/** A keyframe is many pictures' worth of bytes: viewers that keep asking share one. */
const MIN_KEYFRAME_INTERVAL_US = 250_000;

/** When the pixels were read, and the last input that had been injected by then. */
export type GrabContext = Pick<Grab, "grabStartUs" | "grabEndUs"> & { readonly input: InjectedInput | undefined };

/** Receives finished picture messages in order and owns them. */
export type MessageSink = (message: Uint8Array<ArrayBuffer>) => void;

/** What a rung tells of its encoder and does with it; a plane that encodes by itself has no more than that. */
type RungEncoder = Omit<PictureEncoder, "encode">;

/** A rung's parts, which it owns. */
export type RungParts = { readonly encoder: RungEncoder; readonly plane: Plane };

/**
 * One encoding of the source: which damage its viewers have not seen, how many pictures are unacknowledged, and when the
 * next one may be made. What cannot be sent is not encoded; its damage waits and joins the next picture.
 */
export class Rung implements Closable {
  readonly request: RungRequest;
  readonly encoder: RungEncoder;
  readonly meter: RungMeter;
  readonly #plane: Plane;
  readonly #pace: Pace;
  /** Applied with the next picture: an encoder that cannot be opened for it fails as one that cannot encode. */
  #newBudget: RungBudget | undefined;
  #pending: Rect[] = [];
  #changeUs = 0;
  #credits: number;
  #sequence: number;
  #acked: number;
  #keyframeWanted = true;
  #keyframeUs = Number.NEGATIVE_INFINITY;

  /** `sequence` is that of the rung's last picture so far: 0, or where it stood before the source was reopened. */
  constructor(request: RungRequest, parts: RungParts, nowUs: number, sequence: number) {
    this.request = request;
    this.encoder = parts.encoder;
    this.#plane = parts.plane;
    this.meter = new RungMeter(nowUs);
    this.#pace = new Pace(request.budget?.fps ?? request.settings.fps);
    this.#credits = request.credits;
    this.#sequence = sequence;
    this.#acked = sequence;
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

  /** Microseconds until pending damage may be encoded, were there credit; 0 for now. */
  delayUs(nowUs: number): number {
    return this.#pace.delayUs(nowUs);
  }

  get sentPixels(): SentPixels | undefined {
    return this.#plane.sentPixels;
  }

  /** Microseconds until regions at rest can be refined; Infinity when all is exact or damage is pending. */
  refineDelayUs(nowUs: number): number {
    return this.hasDamage ? Number.POSITIVE_INFINITY : Math.max(0, this.#plane.refineUs() - nowUs);
  }

  setCredits(credits: number): void {
    this.#credits = credits;
  }

  /** What the pictures may take from the next one on. */
  setBudget(budget: RungBudget): void {
    this.#newBudget = budget;
    // At once: a plane that showed less than it may now has something to refine.
    this.#plane.setBudget(budget);
    this.#pace.setRate(budget.fps);
  }

  /** The picture `sequence` and all before it arrived. Acks from the future or the past are ignored. */
  ack(sequence: number): void {
    const ahead = (this.#sequence - sequence) >>> 0;
    if (ahead < (this.#sequence - this.#acked) >>> 0) this.#acked = sequence;
  }

  /** Asks that the next picture needs nothing earlier and covers everything. Returns whether it will; too soon, it won't. */
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

  /** Encodes everything pending from the kept picture. Throws what the encoder throws. */
  encode(buffer: PixelBuffer, context: GrabContext, sink: MessageSink): void {
    const rects = this.#pending;
    const keyframe = this.#keyframeWanted;
    this.#pending = [];
    this.#pace.spend(context.grabStartUs);
    this.#applyBudget();
    this.#plane.encode(buffer, rects, { keyframe, nowUs: context.grabEndUs }, (picture) => {
      if (picture.keyframe) {
        this.#keyframeWanted = false;
        this.#keyframeUs = context.grabStartUs;
      }
      sink(this.#message(picture, context));
    });
  }

  /** Sends one picture of refinement from the kept picture, which must have no damage pending. */
  refine(buffer: PixelBuffer, nowUs: number, sink: MessageSink): void {
    const context = { grabStartUs: nowUs, grabEndUs: nowUs, input: undefined };
    this.#changeUs = nowUs;
    this.#applyBudget();
    this.#plane.refine(buffer, nowUs, (picture) => sink(this.#message(picture, context)));
  }

  close(): void {
    this.#plane.close();
    this.encoder.close();
  }

  #applyBudget(): void {
    const budget = this.#newBudget;
    if (budget === undefined) return;
    this.#newBudget = undefined;
    this.encoder.retune?.(budget);
  }

  #message(picture: PlanePicture, context: GrabContext): Uint8Array<ArrayBuffer> {
    const { kind, keyframe, intra, rects, window, payload, convertUs, encodeUs } = picture;
    const { grabStartUs, grabEndUs, input } = context;
    const offset = pictureHeaderBytes(rects.length + (window === undefined ? 0 : 1));
    const message = new Uint8Array(offset + payload.byteLength);
    message.set(payload, offset);
    this.#sequence = (this.#sequence + 1) >>> 0;
    const inputToChangeUs = input === undefined ? -1 : this.#changeUs - input.injectedUs;
    const cost = { waitUs: grabStartUs - this.#changeUs, grabUs: grabEndUs - grabStartUs, convertUs, encodeUs };
    writePictureHeader(message, {
      kind,
      keyframe,
      intra,
      rung: this.request.rung,
      sequence: this.#sequence,
      width: this.#plane.width,
      height: this.#plane.height,
      inputViewer: input?.viewer ?? 0,
      inputSequence: input?.sequence ?? 0,
      changeUs: this.#changeUs,
      inputToChangeUs: inputToChangeUs >= 0 ? inputToChangeUs : undefined,
      ...cost,
      sendUs: 0,
      hubUs: 0,
      rects,
      ...(window === undefined ? {} : { window }),
    });
    this.meter.picture({ ...cost, bytes: message.byteLength });
    return message;
  }
}
