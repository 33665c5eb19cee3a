import type { Rect } from "../../../base/index.ts";
import {
  averageBlocks,
  DELTA_COUNT_BYTES,
  DELTA_RECORD_BYTES,
  DeltaState,
  encodeRle,
  enlarge,
  type LegacySource,
  letterbox,
  maxRleBytes,
  SEED_HEADER_BYTES,
  writeSeedHeader,
} from "../../../codecs/legacy-kvm/index.ts";
import type { RungBudget } from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { PictureSink, Plane } from "../plane.ts";
import { legacySource } from "./legacy-source.ts";

/** The client draws a delta onto the picture that it rendered last; faster ones overtake its rendering and are lost. */
const MAX_DELTAS_PER_SECOND = 30;

/** Pixels of one delta, 1 MiB, which 60 Mbit/s carry within the standard tier's promise; a larger change takes several. */
const MAX_DELTA_PIXELS = 1 << 17;

/** Pixels that one delta of a resync lists besides the changes, so that changes never wait long behind it. */
const MAX_RESYNC_PIXELS = 1 << 16;

/** A first picture that takes more is coarse; the resync that follows it makes it exact. */
const MAX_FIRST_BYTES = 2 << 20;
const FIRST_SECONDS = 0.25;
const COARSE_EDGE = 4;

/** How the plane's pictures begin. */
export type DeltaPlaneOptions = {
  /** Of the first picture that the client saw; it could not follow another one. */
  readonly width: number;
  readonly height: number;
  /** The client has had its one keyframe already. */
  readonly continued: boolean;
  readonly nowUs: () => number;
};

/**
 * Pictures for one client of the legacy wire's deltas: one keyframe, then deltas only, at most 30 a second. After the
 * keyframe, and for every later wish for one, deltas list the whole picture bit by bit: a client that kept a picture from
 * an earlier connection ignored the keyframe, and nothing tells which client that is.
 */
export class DeltaPlane implements Plane {
  readonly width: number;
  readonly height: number;
  readonly #state: DeltaState;
  readonly #nowUs: () => number;
  #budget: RungBudget | undefined;
  #continued: boolean;
  #adopted = false;
  #frame = 0;
  #sentUs = Number.NEGATIVE_INFINITY;
  #bytes = new Uint8Array(0);

  constructor(options: DeltaPlaneOptions) {
    this.width = options.width;
    this.height = options.height;
    this.#continued = options.continued;
    this.#nowUs = options.nowUs;
    this.#state = new DeltaState(options.width, options.height);
  }

  setBudget(budget: RungBudget): void {
    this.#budget = budget;
  }

  encode(
    buffer: PixelBuffer,
    rects: readonly Rect[],
    { keyframe, nowUs }: { keyframe: boolean; nowUs: number },
    sink: PictureSink,
  ): void {
    const startUs = this.#nowUs();
    const source = this.#fit(buffer);
    if (!this.#adopted) {
      this.#adopted = true;
      this.#state.adopt(source);
      this.#state.resync();
      if (!this.#continued) {
        this.#sendKeyframe(source, startUs, nowUs, sink);
        return;
      }
    } else {
      this.#observe(buffer, source, rects);
      if (keyframe) this.#state.resync();
    }
    if (keyframe || (this.#state.pending && nowUs >= this.refineUs())) this.#sendDelta(keyframe, startUs, nowUs, sink);
  }

  /** Repetitions, the rest of a resync, and changes that came too soon after the last delta. */
  refineUs(): number {
    return this.#state.pending ? this.#sentUs + this.#intervalUs() : Number.POSITIVE_INFINITY;
  }

  refine(_buffer: PixelBuffer, nowUs: number, sink: PictureSink): void {
    if (this.#state.pending) this.#sendDelta(false, this.#nowUs(), nowUs, sink);
  }

  close(): void {}

  #intervalUs(): number {
    return Math.ceil(1_000_000 / Math.min(MAX_DELTAS_PER_SECOND, this.#budget?.fps ?? MAX_DELTAS_PER_SECOND));
  }

  #fit(buffer: PixelBuffer): LegacySource {
    return letterbox(legacySource(buffer), this.width, this.height);
  }

  #observe(buffer: PixelBuffer, source: LegacySource, rects: readonly Rect[]): void {
    const isWhole = buffer.width === this.width && buffer.height === this.height;
    const changed = isWhole ? rects : [{ x: 0, y: 0, width: this.width, height: this.height }];
    for (const rect of changed) this.#state.observe(source, rect);
  }

  #sendKeyframe(source: LegacySource, startUs: number, nowUs: number, sink: PictureSink): void {
    this.#continued = true;
    const exactBytes = this.#budget?.coarse ? (this.#budget.bitrate / 8) * FIRST_SECONDS : MAX_FIRST_BYTES;
    this.#reserve(SEED_HEADER_BYTES + maxRleBytes(this.width * this.height));
    let end = encodeRle(source, this.#bytes, SEED_HEADER_BYTES, exactBytes);
    if (end < 0) {
      const coarse = enlarge(averageBlocks(source, COARSE_EDGE), COARSE_EDGE, this.width, this.height);
      end = encodeRle(coarse, this.#bytes, SEED_HEADER_BYTES, Number.POSITIVE_INFINITY);
    }
    this.#send(true, true, end, startUs, nowUs, sink);
  }

  #sendDelta(keyframe: boolean, startUs: number, nowUs: number, sink: PictureSink): void {
    const records = this.#state.take(this.#limits());
    const start = SEED_HEADER_BYTES + DELTA_COUNT_BYTES;
    this.#reserve(start + records.byteLength);
    new DataView(this.#bytes.buffer).setUint32(SEED_HEADER_BYTES, (records.length * 4) / DELTA_RECORD_BYTES, true);
    this.#bytes.set(new Uint8Array(records.buffer, records.byteOffset, records.byteLength), start);
    this.#send(false, keyframe, start + records.byteLength, startUs, nowUs, sink);
  }

  /** In emergency a delta keeps to the bit rate; otherwise the client's speed is limit enough. */
  #limits(): { maxChanges: number; maxResync: number } {
    if (!this.#budget?.coarse) return { maxChanges: MAX_DELTA_PIXELS, maxResync: MAX_RESYNC_PIXELS };
    const pixels = Math.ceil(((this.#budget.bitrate / 8e6) * this.#intervalUs()) / DELTA_RECORD_BYTES);
    const maxResync = this.#state.changing ? Math.ceil(pixels / 4) : pixels;
    return { maxChanges: pixels, maxResync: Math.min(MAX_RESYNC_PIXELS, maxResync) };
  }

  #send(isFirst: boolean, keyframe: boolean, end: number, startUs: number, nowUs: number, sink: PictureSink): void {
    const { width, height } = this;
    this.#frame += 1;
    this.#sentUs = nowUs;
    const payloadBytes = end - SEED_HEADER_BYTES;
    writeSeedHeader(this.#bytes, 0, { keyframe: isFirst, width, height, frame: this.#frame, payloadBytes });
    sink({
      ...{ kind: "kvm", keyframe, intra: false },
      rects: [{ x: 0, y: 0, width, height }],
      payload: this.#bytes.subarray(0, end),
      convertUs: 0,
      encodeUs: this.#nowUs() - startUs,
    });
  }

  #reserve(bytes: number): void {
    if (this.#bytes.length < bytes) this.#bytes = new Uint8Array(bytes);
  }
}
