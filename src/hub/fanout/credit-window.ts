/** Pictures in flight to a viewer of whom nothing is known yet. */
export const MIN_CREDITS = 3;

/** Pictures in flight to the farthest viewer. */
export const MAX_CREDITS = 8;

/** One grab may bring this many pictures beyond the one a credit was left for; they are taken rather than torn apart. */
const MAX_OVERRUN = 2;

/**
 * Pictures that nobody can hold back, a camera's own ones, come in bursts. To leave one out costs all until the camera's
 * next keyframe, which may be many seconds away, so about a second of them may be in flight.
 */
export const PASSTHROUGH_OVERRUN = 30;

/** The least round trip is that of the last one to two of these, so that it follows a path that got longer. */
const ROUND_TRIP_WINDOW_US = 5_000_000;

/** How quickly the usual size of a picture follows the last ones. */
const SIZE_WEIGHT = 0.2;

/** What an ack covered: pictures, their bytes, and when the last of them was sent. */
export type Acked = { readonly count: number; readonly bytes: number; readonly sentUs: number };

/**
 * How many pictures may be in flight to one viewer: enough to fill its round trip at the rung's rate, between
 * {@link MIN_CREDITS} and {@link MAX_CREDITS}. The round trip is the least one seen lately, so that a queue that builds up
 * does not ask for more. Their bytes are bounded, too, since the queues of the system and the network take any number: only
 * what came of one grab may be more. Sequences count modulo 2^32.
 */
export class CreditWindow {
  readonly #fps: number;
  readonly #sequences: number[] = [];
  readonly #sentUs: number[] = [];
  readonly #bytes: number[] = [];
  #bytesInFlight = 0;
  #usualBytes = 0;
  #maxBytes = Number.POSITIVE_INFINITY;
  #maxOverrun = MAX_OVERRUN;
  #size = MIN_CREDITS;
  #windowStartUs = Number.NEGATIVE_INFINITY;
  #leastUs = Number.POSITIVE_INFINITY;
  #earlierLeastUs = Number.POSITIVE_INFINITY;

  constructor(fps: number) {
    this.#fps = fps;
  }

  get size(): number {
    return this.#size;
  }

  get inFlight(): number {
    return this.#sequences.length;
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** Bytes that may be in flight from now on. */
  limitBytes(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Pictures beyond the window that are taken when they are already there. */
  allowOverrun(pictures: number = MAX_OVERRUN): void {
    this.#maxOverrun = pictures;
  }

  /** Whether a picture that is already there may be sent. */
  get takesMore(): boolean {
    // A grab was allowed with what was in flight then; all that it brought is taken, however large.
    const room = this.#sequences.length <= this.#maxOverrun || this.#bytesInFlight < this.#maxBytes * 2;
    return room && this.#sequences.length < this.#size + this.#maxOverrun;
  }

  /** Pictures that may be asked for now; at least one with nothing in flight. */
  get free(): number {
    const free = Math.max(0, this.#size - this.#sequences.length);
    const room = Math.floor((this.#maxBytes - this.#bytesInFlight) / Math.max(1, this.#usualBytes));
    return Math.min(free, Math.max(this.#sequences.length === 0 ? 1 : 0, room));
  }

  /** How many pictures of the usual size may be in flight now, those that are included. */
  get pictures(): number {
    return Math.min(this.#size, this.#sequences.length + this.free);
  }

  /** When the oldest unacknowledged picture was sent. */
  get oldestSentUs(): number | undefined {
    return this.#sentUs[0];
  }

  /** A picture was sent. Throws `RangeError` without a credit. */
  sent(sequence: number, bytes: number, nowUs: number): void {
    if (!this.takesMore) throw new RangeError("A picture was sent without a credit.");
    this.#sequences.push(sequence);
    this.#sentUs.push(nowUs);
    this.#bytes.push(bytes);
    this.#bytesInFlight += bytes;
    this.#usualBytes += (bytes - this.#usualBytes) * (this.#usualBytes === 0 ? 1 : SIZE_WEIGHT);
  }

  /**
   * The viewer has the picture and all before it. Returns what came back; undefined for an ack that repeats an earlier
   * one.
   */
  acked(sequence: number, nowUs: number): Acked | undefined {
    let count = 0;
    while (count < this.#sequences.length && !isAfter(this.#sequences[count] as number, sequence)) count += 1;
    if (count === 0) return undefined;
    const sentUs = this.#sentUs[count - 1] as number;
    this.#measure(nowUs - sentUs, nowUs);
    this.#sequences.splice(0, count);
    this.#sentUs.splice(0, count);
    const bytes = this.#bytes.splice(0, count).reduce((sum, size) => sum + size, 0);
    this.#bytesInFlight -= bytes;
    return { count, bytes, sentUs };
  }

  #measure(roundTripUs: number, nowUs: number): void {
    if (nowUs - this.#windowStartUs >= ROUND_TRIP_WINDOW_US) {
      this.#earlierLeastUs = this.#leastUs;
      this.#leastUs = Number.POSITIVE_INFINITY;
      this.#windowStartUs = nowUs;
    }
    this.#leastUs = Math.min(this.#leastUs, roundTripUs);
    const leastUs = Math.min(this.#leastUs, this.#earlierLeastUs);
    const needed = Math.ceil((leastUs * this.#fps) / 1_000_000) + 1;
    this.#size = Math.min(MAX_CREDITS, Math.max(MIN_CREDITS, needed));
  }
}

/** Whether `a` comes after `b`, modulo 2^32. */
export function isAfter(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}
