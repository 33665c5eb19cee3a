import { Marker } from "./markers.ts";

/** Finds the opening of a JPEG, byte by byte: SOI and the 0xff of the next marker. */
export class OpeningFinder {
  #seen = 0;

  /** Bytes of a possible opening seen so far. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether `value` completes an opening. */
  step(value: number): boolean {
    if (value === 0xff) {
      if (this.#seen === 2) {
        this.#seen = 0;
        return true;
      }
      this.#seen = 1;
    } else {
      this.#seen = this.#seen === 1 && value === Marker.startOfImage ? 2 : 0;
    }
    return false;
  }

  /** The position behind an opening that ends in `bytes` at or after `from`, or -1. */
  find(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#seen === 0) {
        at = bytes.indexOf(0xff, at);
        if (at < 0) return -1;
      }
      if (this.step(bytes[at] as number)) return at + 1;
      at += 1;
    }
    return -1;
  }
}
