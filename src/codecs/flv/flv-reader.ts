import { ProtocolError } from "../../base/index.ts";

/** One access unit of H.264 from an FLV stream. */
export type FlvAccessUnit = {
  /** Annex B; a view of an array that the reader never touches again. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  /** Decoding time, milliseconds, never wrapping. */
  readonly timestampMs: number;
};

export type FlvReaderOptions = {
  readonly onAccessUnit: (unit: FlvAccessUnit) => void;
  /** SPS and PPS as Annex B, from the stream's configuration record. */
  readonly onParameterSets: (sets: Uint8Array<ArrayBuffer>) => void;
};

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const TRAILER_BYTES = 4;
const VIDEO_TAG = 9;
const AVC = 7;
/** Frame and codec, packet type, composition time: before the payload of an AVC video tag. */
const AVC_HEADER_BYTES = 5;

/**
 * Reads H.264 out of an FLV stream (Adobe Flash Video File Format 10.1, annex E) that comes in pieces. Every access unit is
 * delivered with its last byte. A tag has 16 MiB at most, by its form. Throws ProtocolError for what is no such stream.
 */
export class FlvReader {
  readonly #options: FlvReaderOptions;
  #target = new Uint8Array(FILE_HEADER_BYTES + TRAILER_BYTES);
  #filled = 0;
  #part: "file-header" | "tag-header" | "body" | "trailer" = "file-header";
  #tagType = 0;
  #timestampMs = 0;
  #lengthBytes = 4;

  constructor(options: FlvReaderOptions) {
    this.#options = options;
  }

  /** Takes the stream's next bytes. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(chunk.length - at, this.#target.length - this.#filled);
      this.#target.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      // A tag without a body is complete at once.
      while (this.#filled === this.#target.length) this.#next();
    }
  }

  #next(): void {
    const bytes = this.#target;
    this.#filled = 0;
    switch (this.#part) {
      case "file-header":
        if (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56) {
          throw new ProtocolError("malformed", "The stream does not begin as FLV.");
        }
        this.#expect("tag-header", TAG_HEADER_BYTES);
        break;
      case "tag-header":
        this.#tagType = (bytes[0] as number) & 31;
        this.#timestampMs = timestampAfter(this.#timestampMs, bytes);
        this.#expect("body", unsigned24(bytes, 1));
        break;
      case "body":
        this.#expect("trailer", TRAILER_BYTES);
        if (this.#tagType === VIDEO_TAG) this.#video(bytes);
        break;
      default:
        this.#expect("tag-header", TAG_HEADER_BYTES);
    }
  }

  #expect(part: "tag-header" | "body" | "trailer", length: number): void {
    this.#part = part;
    this.#target = new Uint8Array(length);
  }

  #video(body: Uint8Array<ArrayBuffer>): void {
    if (body.length < AVC_HEADER_BYTES) return;
    const first = body[0] as number;
    if ((first & 15) !== AVC) throw new ProtocolError("malformed", "The video of the FLV stream is not H.264.");
    const payload = body.subarray(AVC_HEADER_BYTES);
    if (body[1] === 0) {
      const { sets, lengthBytes } = readConfiguration(payload);
      this.#lengthBytes = lengthBytes;
      this.#options.onParameterSets(sets);
    } else if (body[1] === 1) {
      if (this.#lengthBytes !== 4) throw new ProtocolError("malformed", "Only NAL lengths of four bytes are read.");
      toStartCodes(payload);
      const keyframe = first >> 4 === 1;
      this.#options.onAccessUnit({ data: payload, keyframe, timestampMs: this.#timestampMs });
    }
  }
}

/** The tag's 32-bit time, as the next value after `previous` on a clock that does not wrap. */
function timestampAfter(previous: number, tag: Uint8Array): number {
  const low = unsigned24(tag, 4) + (tag[7] as number) * 2 ** 24;
  return previous + ((low - previous) | 0);
}

function unsigned24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

/** Puts start codes, which have four bytes too, in the place of the lengths. */
function toStartCodes(payload: Uint8Array): void {
  let at = 0;
  while (at < payload.length) {
    const length = at + 4 <= payload.length ? (payload[at] as number) * 2 ** 24 + unsigned24(payload, at + 1) : -1;
    if (length < 0 || at + 4 + length > payload.length) {
      throw new ProtocolError("truncated", "A NAL unit is longer than its access unit.");
    }
    payload.set([0, 0, 0, 1], at);
    at += 4 + length;
  }
}

/** SPS and PPS of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1.2). */
function readConfiguration(record: Uint8Array): { sets: Uint8Array<ArrayBuffer>; lengthBytes: number } {
  if (record.length < 7) throw new ProtocolError("truncated", "The decoder configuration is too short.");
  const sets: number[] = [];
  let at = 5;
  for (const mask of [31, 255]) {
    let count = (record[at] ?? 0) & mask;
    at += 1;
    for (; count > 0; count -= 1) {
      const length = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      if (at + 2 + length > record.length) throw new ProtocolError("truncated", "A parameter set is cut off.");
      sets.push(0, 0, 0, 1, ...record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return { sets: Uint8Array.from(sets), lengthBytes: ((record[4] as number) & 3) + 1 };
}
