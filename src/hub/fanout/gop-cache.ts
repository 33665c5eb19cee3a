/** What is kept for viewers that join a camera's own stream; some seconds of a good camera. */
export const MAX_GOP_BYTES = 8 << 20;
export const MAX_GOP_PICTURES = 750;

/**
 * The messages of a stream since its last keyframe, so that whoever joins gets a picture at once without a keyframe being
 * asked for. Where they are more than the limits, nothing is kept until the next keyframe. The bytes are not copied.
 */
export class GopCache {
  readonly #limits: { readonly maxBytes: number; readonly maxPictures: number };
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #overflows = 0;

  constructor(limits = { maxBytes: MAX_GOP_BYTES, maxPictures: MAX_GOP_PICTURES }) {
    this.#limits = limits;
  }

  /** Oldest first, beginning with a keyframe; empty where there is none to begin with. */
  get messages(): readonly Uint8Array[] {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How often a group of pictures was too large to be kept. */
  get overflows(): number {
    return this.#overflows;
  }

  add(message: Uint8Array, keyframe: boolean): void {
    if (keyframe) this.clear();
    else if (this.#messages.length === 0) return;
    const { maxBytes, maxPictures } = this.#limits;
    if (this.#bytes + message.byteLength > maxBytes || this.#messages.length >= maxPictures) {
      this.clear();
      this.#overflows += 1;
      return;
    }
    this.#messages.push(message);
    this.#bytes += message.byteLength;
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}
