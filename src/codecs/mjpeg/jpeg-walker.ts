import { MAX_JPEG_BYTES } from "./limits.ts";
import { isPlausibleLength, isRestart, isStartOfFrame, Marker } from "./markers.ts";
import { PictureStore } from "./picture-store.ts";
import { isLookedInto, isPlausiblePayload } from "./segment-payload.ts";

/** A whole JPEG, from SOI to EOI, in bytes of its receiver's own. Sizes are those of its frame header, in pixels. */
export type JpegPicture = { readonly data: Uint8Array<ArrayBuffer>; readonly width: number; readonly height: number };

/** What the bytes walked so far are. */
export type WalkState = "more" | "picture" | "damaged" | "too-large";

const OPENING = Uint8Array.of(0xff, Marker.startOfImage, 0xff);
const START_OF_IMAGE = OPENING.subarray(0, 2);

type Step = "marker" | "code" | "length-high" | "length-low" | "payload" | "scan" | "scan-ff";

/**
 * Follows one JPEG from behind its opening (SOI and the 0xff of the next marker) to its end, segment by segment: what
 * looks like a marker inside a segment, such as a thumbnail's end, is none. Owned by a splitter, which looks for openings.
 */
export class JpegWalker {
  readonly #store = new PictureStore();
  readonly #maxBytes: number;
  #step: Step = "code";
  #code = 0;
  #segmentLeft = 0;
  /** Where the length of the newest segment lies in the picture. */
  #segmentStart = 0;
  #scanSeen = false;
  #state: WalkState = "more";
  #width = 0;
  #height = 0;
  /** The payload of the newest segment, where it is looked into. */
  #payloadSeen: number[] = [];
  #again: Uint8Array[] | undefined;
  #lostBytes = 0;

  constructor(maxBytes = MAX_JPEG_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the picture so far. */
  get length(): number {
    return this.#store.length;
  }

  get state(): WalkState {
    return this.#state;
  }

  /** Begins a picture; its opening was seen and is not given to `walk`. */
  begin(): void {
    this.#store.clear();
    this.#store.append(OPENING);
    this.#step = "code";
    this.#segmentStart = OPENING.length;
    this.#scanSeen = false;
    this.#state = "more";
    this.#width = 0;
    this.#height = 0;
    this.#again = undefined;
  }

  /** Takes bytes from `from` on and returns where it stopped: at the end of `bytes`, or behind what decided `state`. */
  walk(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#state === "more") {
      // Bounded before it is held, also where a chunk is larger than any picture may be.
      const limit = Math.min(bytes.length, from + this.#maxBytes - this.#store.length);
      if (at >= limit) {
        this.#state = "too-large";
        break;
      }
      if (this.#step === "payload") at = this.#payload(bytes, at, limit);
      else if (this.#step === "scan") at = this.#scan(bytes, at, limit);
      else at = this.#byte(bytes[at] as number, at, from);
    }
    this.#store.append(bytes.subarray(from, at));
    if (this.#state === "damaged" || this.#state === "too-large") this.#giveUp();
    return at;
  }

  /** The finished picture. */
  takePicture(): JpegPicture {
    const data = this.#store.copy();
    this.#store.clear();
    return { data, width: this.#width, height: this.#height };
  }

  /** After damage: bytes of the picture that may be the beginning of another one, to be looked at again before the rest. */
  takeAgain(): Uint8Array[] {
    const again = this.#again ?? [];
    this.#again = undefined;
    return again;
  }

  /** Bytes of the picture that was given up and need not be looked at again. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  #giveUp(): void {
    this.#lostBytes = this.#store.length;
    if (this.#state === "too-large") this.#again = [];
    // Every segment before the newest one was well formed: the damage is in that one's length, or behind it.
    this.#again ??= this.#store.cut(this.#segmentStart);
    this.#store.clear();
    for (const piece of this.#again) this.#lostBytes -= piece.length;
  }

  #payload(bytes: Uint8Array, at: number, limit: number): number {
    const end = Math.min(limit, at + this.#segmentLeft);
    if (isLookedInto(this.#code)) this.#payloadSeen.push(...bytes.subarray(at, end));
    this.#segmentLeft -= end - at;
    if (this.#segmentLeft === 0) this.#endSegment();
    return end;
  }

  #endSegment(): void {
    if (!isPlausiblePayload(this.#code, this.#payloadSeen)) {
      this.#state = "damaged";
      return;
    }
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = this.#payloadSeen;
    if (isStartOfFrame(this.#code)) {
      this.#height = second * 256 + third;
      this.#width = fourth * 256 + fifth;
    } else if (this.#code === Marker.numberOfLines) {
      this.#height = first * 256 + second;
    }
    this.#scanSeen ||= this.#code === Marker.startOfScan;
    this.#step = this.#code === Marker.startOfScan ? "scan" : "marker";
  }

  #scan(bytes: Uint8Array, from: number, limit: number): number {
    for (let at = from; ; at += 2) {
      at = bytes.indexOf(0xff, at);
      if (at < 0 || at >= limit) return limit;
      const next = at + 1 < limit ? (bytes[at + 1] as number) : -1;
      if (next === 0 || isRestart(next)) continue;
      this.#step = "scan-ff";
      return at + 1;
    }
  }

  #byte(value: number, at: number, from: number): number {
    switch (this.#step) {
      case "marker":
        if (value !== 0xff) this.#state = "damaged";
        else this.#step = "code";
        break;
      case "code":
        this.#marker(value);
        break;
      case "length-high":
        this.#segmentLeft = value * 256;
        this.#step = "length-low";
        break;
      case "length-low":
        this.#beginSegment(this.#segmentLeft + value, this.#store.length + at - 1 - from);
        break;
      default:
        this.#inScan(value);
    }
    return at + 1;
  }

  /** The byte behind 0xff in scan data. */
  #inScan(value: number): void {
    if (value === 0 || isRestart(value)) {
      this.#step = "scan";
    } else if (value === Marker.startOfImage) {
      this.#state = "damaged";
      this.#again = [START_OF_IMAGE];
    } else if (value !== 0xff) {
      this.#marker(value);
    }
  }

  #marker(code: number): void {
    if (code === 0xff) {
      this.#step = "code";
    } else if (code === Marker.endOfImage) {
      this.#end();
    } else if (code === Marker.temporary) {
      this.#step = "marker";
    } else if (code === 0 || code === Marker.startOfImage || isRestart(code)) {
      this.#state = "damaged";
    } else {
      this.#code = code;
      this.#step = "length-high";
    }
  }

  #beginSegment(length: number, position: number): void {
    this.#segmentStart = position;
    this.#segmentLeft = length - 2;
    this.#payloadSeen = [];
    const misplaced = this.#code === Marker.startOfScan && this.#width === 0;
    if (misplaced || !isPlausibleLength(this.#code, length, this.#scanSeen)) this.#state = "damaged";
    else if (this.#segmentLeft === 0) this.#endSegment();
    else this.#step = "payload";
  }

  #end(): void {
    this.#state = this.#scanSeen && this.#height > 0 ? "picture" : "damaged";
    // Scan data was looked through for openings already.
    if (this.#scanSeen) this.#again = [];
  }
}
