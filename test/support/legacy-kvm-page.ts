/**
 * What the browser client of the legacy KVM wire does with the bytes it gets, written from a description of its behaviour
 * and with its faults, so that a test fails where the real client would show garbage.
 */
export class LegacyKvmPage {
  /** What it logged, threw or dropped. */
  readonly problems: string[] = [];
  /** Seed frames by their type byte, and raw and JSON ones by name, in the order they came. */
  readonly frames: string[] = [];
  /** Records of each delta that was decoded. */
  readonly deltaCounts: number[] = [];
  width = 0;
  height = 0;
  /** R, G, B, A of what is on its canvas. */
  canvas: Uint8Array = new Uint8Array(0);
  /** Later versions know raw RGBA and want a byte more of header. */
  readonly #knowsRaw: boolean;
  /** Survives reconnects and switches of the monitor. */
  #previous: Uint8Array | undefined;
  #losing = 0;

  constructor(options: { version: "seed" | "later" }) {
    this.#knowsRaw = options.version === "later";
  }

  /** The next frames are decoded and never rendered, as in a hidden tab or behind a full queue. */
  lose(frames: number): void {
    this.#losing = frames;
  }

  /** A binary message. */
  receive(message: Uint8Array): void {
    if (message.byteLength < (this.#knowsRaw ? 24 : 23)) {
      this.problems.push("dropped a short message");
      return;
    }
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    try {
      if (message[0] === 0xaa && message[1] === 0xbb) this.#seed(message, view);
      else if (this.#knowsRaw && view.getUint32(0, false) === 0x52474241) this.#raw(message, view);
      else this.problems.push("Invalid frame header");
    } catch (error) {
      this.problems.push(String(error));
    }
  }

  /** A frame inside JSON: raw RGB after a header of 15 bytes; anything else draws an invented desktop. */
  receiveJson(message: { type: string; codec?: string; data?: string }): void {
    const bytes = Uint8Array.from(Buffer.from(message.data ?? "", "base64"));
    const view = new DataView(bytes.buffer);
    const [width, height, size] = [view.getUint32(3, true), view.getUint32(7, true), view.getUint32(11, true)];
    if (bytes[0] !== 0xaa || bytes[1] !== 0xbb || message.codec !== "vp8" || size !== width * height * 3) {
      this.problems.push("drew an invented desktop");
      return;
    }
    const picture = new Uint8Array(width * height * 4);
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      picture.set(bytes.subarray(15 + pixel * 3, 18 + pixel * 3), pixel * 4);
      picture[pixel * 4 + 3] = 0xff;
    }
    this.frames.push("json");
    this.#render(width, height, picture);
  }

  /** 0xRRGGBB on the canvas. */
  pixel(x: number, y: number): number {
    const at = (y * this.width + x) * 4;
    const [red = 0, green = 0, blue = 0] = this.canvas.subarray(at, at + 3);
    return (red << 16) | (green << 8) | blue;
  }

  #seed(message: Uint8Array, view: DataView): void {
    const width = view.getUint32(3, true);
    const height = view.getUint32(7, true);
    const length = view.getUint32(19, true);
    if (message.byteLength < 23 + length) {
      this.problems.push("Frame truncated");
      return;
    }
    // It means the type byte, and looks at the lowest byte of the width.
    const isKeyframe = (view.getUint32(0, false) & 0xff) === 1;
    const payload = message.subarray(23, 23 + length);
    this.frames.push(`0${message[2]}`);
    const picture =
      isKeyframe || this.#previous === undefined
        ? decodeRle(payload, width * height)
        : this.#decodeDelta(payload, this.#previous, width * height);
    this.#render(width, height, picture);
  }

  #raw(message: Uint8Array, view: DataView): void {
    const width = view.getUint32(4, true);
    const height = view.getUint32(8, true);
    const length = view.getUint32(20, true);
    if (message.byteLength < 24 + length || length !== width * height * 4) {
      this.problems.push("Frame truncated");
      return;
    }
    this.frames.push("rgba");
    this.#render(width, height, message.slice(24, 24 + length));
  }

  #decodeDelta(payload: Uint8Array, previous: Uint8Array, pixels: number): Uint8Array {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const picture = new Uint8Array(pixels * 4);
    picture.set(previous.subarray(0, picture.length));
    // The bound is no whole number where the payload is no whole number of records.
    const count = Math.min(view.getUint32(0, true), (payload.byteLength - 4) / 8);
    this.deltaCounts.push(count);
    for (let index = 0; index < count; index += 1) {
      const offset = 4 + index * 8;
      const pixel = view.getUint32(offset, true);
      if (pixel < pixels) picture.set(payload.subarray(offset + 4, offset + 8), pixel * 4);
    }
    return picture;
  }

  #render(width: number, height: number, picture: Uint8Array): void {
    if (this.#losing > 0) {
      this.#losing -= 1;
      return;
    }
    this.width = width;
    this.height = height;
    this.canvas = picture;
    this.#previous = picture;
  }
}

function decodeRle(payload: Uint8Array, pixels: number): Uint8Array {
  const picture = new Uint8Array(pixels * 4);
  let at = 0;
  for (let offset = 0; offset + 5 <= payload.byteLength && at < pixels; offset += 5) {
    const count = payload[offset] as number;
    // A long run that would pass the end is discarded and ends the picture; a short one is cut.
    if (count > 8 && at + count > pixels) break;
    for (let end = Math.min(pixels, at + count); at < end; at += 1) {
      picture.set(payload.subarray(offset + 1, offset + 5), at * 4);
    }
  }
  return picture;
}
