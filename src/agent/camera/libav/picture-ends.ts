/** So many pictures in a row must have ended where that was foretold before it is relied upon. */
const MIN_PROOFS = 50;
const MAX_PROOFS = 5000;
/** Units below this are whole in their packet, also before the size of fragments is known. */
const SMALL_BYTES = 1000;

/** What a packet brings of a picture's slices. */
export type SlicePacket = {
  /** Slices that begin in it; 0 where it is more of the one before. */
  readonly slices: number;
  /** Bytes of payload, from behind the header of the first slice that begins. */
  readonly bytes: number;
  readonly keyframe: boolean;
};

/**
 * Tells which packet is the last of its picture. RTP marks it, but libav keeps that to itself, so that a picture would be
 * known to be whole only when the next one begins. A camera cuts its pictures in the same way all the time, though: as
 * many slices as before, and a last fragment that is shorter than those before it. Whether that holds for this camera is
 * seen in its first pictures; as long as it has not been proved, and for long after it was wrong once, no end is foretold.
 */
export class PictureEnds {
  /** Slices of the last picture, and of the last keyframe. */
  readonly #usual = { picture: 0, keyframe: 0 };
  #needed = MIN_PROOFS;
  #proofs = 0;
  /** Payload of a whole fragment: the largest that had another one behind it. */
  #fragment = 0;
  /** Payload of the packet before. */
  #before = 0;
  #slices = 0;
  #isKeyframe = false;
  #foretold = false;
  #wrong = false;

  /** Whether ends are relied upon now. */
  get trusted(): boolean {
    return this.#proofs >= this.#needed;
  }

  /** Takes the next packet of the picture; returns whether it is the last one, as far as that can be relied upon. */
  add({ slices, bytes, keyframe }: SlicePacket): boolean {
    if (this.#foretold) this.#wrong = true;
    this.#slices += slices;
    this.#isKeyframe ||= keyframe;
    if (slices === 0) this.#fragment = Math.max(this.#fragment, this.#before);
    this.#before = bytes;
    const usual = this.#isKeyframe ? this.#usual.keyframe : this.#usual.picture;
    if (this.#slices !== usual || bytes >= (this.#fragment || SMALL_BYTES)) return false;
    this.#foretold = true;
    return this.trusted;
  }

  /** The picture is over. Returns false where its end was relied upon and wrong. */
  end(): boolean {
    const misled = this.#wrong && this.trusted;
    if (this.#wrong) {
      this.#proofs = 0;
      if (misled) this.#needed = Math.min(this.#needed * 10, MAX_PROOFS);
    } else if (this.#foretold) this.#proofs += 1;
    this.#usual[this.#isKeyframe ? "keyframe" : "picture"] = this.#slices;
    this.#slices = 0;
    this.#isKeyframe = false;
    this.#foretold = false;
    this.#wrong = false;
    return !misled;
  }
}
