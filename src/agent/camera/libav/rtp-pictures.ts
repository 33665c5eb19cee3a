import { NalType, type NalUnit, nalUnits } from "../../../codecs/index.ts";
import { PictureEnds } from "./picture-ends.ts";

const START_CODE = [0, 0, 0, 1] as const;
/** A picture that grows beyond this is given up. */
const MAX_PICTURE_BYTES = 16 * 1024 * 1024;
/** Packets between two slices that are kept. */
const MAX_BETWEEN = 64;

/** A picture of an RTP stream, in Annex B form. */
export type RtpPicture = {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly ptsUs: number;
  /** When its last packet was here. */
  readonly arrivedUs: number;
};

/**
 * Puts the pictures of an H.264 camera together from what libav's RTP demuxer hands on when its parser is switched off: NAL
 * units behind start codes, long ones in fragments. A picture is over when the next one begins, and at once where
 * {@link PictureEnds} knows its last packet.
 */
export class RtpPictures {
  readonly #emit: (picture: RtpPicture) => void;
  readonly #ends = new PictureEnds();
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** What came behind a slice and is none: of this picture if another slice of it follows, else of the next one. */
  #between: Uint8Array[] = [];
  #ptsUs = 0;
  #arrivedUs = 0;
  /** Time and type of the unit that began last; undefined before the first. */
  #unit: { readonly ptsUs: number; readonly type: number } | undefined;
  #hasSlice = false;
  /** The picture was handed on, and what may still come of it is not wanted. */
  #isOut = false;
  #discarded = 0;

  constructor(emit: (picture: RtpPicture) => void) {
    this.#emit = emit;
  }

  /** Pictures that were cut, in part or whole. */
  get discarded(): number {
    return this.#discarded;
  }

  /** Takes a packet; its bytes are copied. */
  add(bytes: Uint8Array, ptsUs: number, arrivedUs: number): void {
    const units = START_CODE.every((byte, index) => bytes[index] === byte) ? nalUnits(bytes) : [];
    if (units.length === 0) {
      // The rest of a unit whose beginning was lost is of no use; parameter sets are too small to be cut.
      if (this.#unit?.ptsUs !== ptsUs) return;
      if (isSlice(this.#unit)) this.#addSlices(bytes, [], arrivedUs);
      else if (this.#unit.type === NalType.sei) this.#addOther(bytes);
      return;
    }
    const slices = units.filter(isSlice);
    this.#unit = { ptsUs, type: units.at(-1)?.type ?? 0 };
    if (slices.length === 0) {
      this.#addOther(bytes);
      return;
    }
    const startsPicture = slices.some(({ start }) => ((bytes[start + 1] ?? 0) & 0x80) !== 0);
    if (this.#hasSlice && (ptsUs !== this.#ptsUs || startsPicture)) this.#finish();
    this.#ptsUs = ptsUs;
    this.#hasSlice = true;
    for (const part of this.#between.splice(0)) this.#keep(part);
    this.#addSlices(bytes, slices, arrivedUs);
  }

  #addOther(bytes: Uint8Array): void {
    if (!this.#hasSlice) this.#keep(bytes.slice());
    else if (this.#between.length < MAX_BETWEEN) this.#between.push(bytes.slice());
  }

  /** @param slices those that begin in the packet; none for the rest of one */
  #addSlices(bytes: Uint8Array, slices: readonly NalUnit[], arrivedUs: number): void {
    this.#arrivedUs = arrivedUs;
    this.#keep(bytes.slice());
    const [first] = slices;
    const isLast = this.#ends.add({
      slices: slices.length,
      bytes: first === undefined ? bytes.length : bytes.length - first.start - 1,
      keyframe: slices.some(({ type }) => type === NalType.idrSlice),
    });
    if (isLast && !this.#isOut && this.#bytes <= MAX_PICTURE_BYTES) this.#handOn();
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (!this.#isOut && this.#bytes <= MAX_PICTURE_BYTES) this.#parts.push(part);
  }

  #handOn(): void {
    this.#isOut = true;
    const data = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const part of this.#parts.splice(0)) {
      data.set(part, offset);
      offset += part.length;
    }
    this.#emit({ data, ptsUs: this.#ptsUs, arrivedUs: this.#arrivedUs });
  }

  /** The next picture begins. */
  #finish(): void {
    const isTooLarge = this.#bytes > MAX_PICTURE_BYTES;
    if (!this.#isOut && !isTooLarge) this.#handOn();
    if (!this.#ends.end() || isTooLarge) this.#discarded += 1;
    this.#parts = [];
    this.#bytes = 0;
    this.#hasSlice = false;
    this.#isOut = false;
  }
}

function isSlice({ type }: { readonly type: number }): boolean {
  return type === NalType.slice || type === NalType.idrSlice;
}
