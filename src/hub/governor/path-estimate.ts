/** The distance has changed when every ping of the last one of these took so many times as long, and so much longer. */
const DISTANCE_US = 2_000_000;
const DISTANCE_FACTOR = 1.5;
const DISTANCE_MORE_US = 10_000;
const LEAST_PINGS = 3;
/** A viewer acknowledges the smallest picture so much later than it answers a ping, besides decoding and drawing. */
const ANSWER_US = 3000;
/** How quickly the viewer's own time for a picture follows the last ones. */
const WORK_WEIGHT = 0.1;
/** A longer distance is not told from a path that is blocked. */
const MAX_ROUND_TRIP_US = 2_000_000;
/** The capacity is measured over this long at most, and is forgotten as long after the last measurement. */
const CAPACITY_US = 800_000;
/** What pictures were carried at counts for this long. */
const CARRIED_US = 300_000;
/** Less than this together measures nothing. */
const LEAST_BUSY_US = 20_000;
/** Sizes of pictures whose round trips are kept apart, since a large one takes long by itself. */
const SIZE_LIMITS = [1500, 6000, 24_000, 96_000, Number.POSITIVE_INFINITY] as const;
/** A picture takes the viewer this long, whatever its size. */
const FIXED_US = 1000;
/** A smaller picture says little about what the path could carry. */
const TELLING_BYTES = 3000;

type Busy = { readonly atUs: number; readonly bits: number; readonly busyUs: number };

/**
 * What is known of the path to a viewer from when pictures were sent and when they were acknowledged: its least round
 * trip, how much it carries while it is the limit, and how much it has carried at least. The far end's own slowness counts
 * as the path's where it does not tell how long it worked.
 */
export class PathEstimate {
  #least = new LeastBySize();
  #busy: Busy[] = [];
  #carried: { atUs: number; bps: number }[] = [];
  #pings: { readonly atUs: number; readonly us: number }[] = [];
  #workUs = 0;
  #leastPingUs = Number.POSITIVE_INFINITY;
  #lastAckUs = Number.NEGATIVE_INFINITY;

  /** The least round trip of any picture lately, microseconds; 0 before the first. */
  get roundTripUs(): number {
    return Math.min(this.#least.overall() ?? this.#leastPingUs, this.#leastPingUs, MAX_ROUND_TRIP_US);
  }

  /** The viewer took this long to decode and draw a picture. */
  worked(us: number): void {
    this.#workUs += (us - this.#workUs) * WORK_WEIGHT;
  }

  /** A ping that found the path empty was answered after `us`. */
  pinged(us: number, nowUs: number): void {
    this.#pings = [...this.#pings.filter(({ atUs }) => atUs > nowUs - DISTANCE_US), { atUs: nowUs, us }];
    const latelyUs = Math.min(...this.#pings.map((ping) => ping.us));
    const limitUs = this.#leastPingUs * DISTANCE_FACTOR + DISTANCE_MORE_US;
    if (this.#pings.length >= LEAST_PINGS && latelyUs > limitUs) {
      this.#least = new LeastBySize();
      this.#busy = [];
      this.#leastPingUs = latelyUs;
    }
    this.#leastPingUs = Math.min(this.#leastPingUs, us);
  }

  /**
   * Pictures of `bytes` together, the last of them sent at `sentUs`, were acknowledged, `workUs` after the viewer had
   * them. Returns how long the path was busy with them.
   */
  acked(bytes: number, sentUs: number, nowUs: number, workUs = 0): number {
    const carriedAtUs = Math.max(sentUs, nowUs - workUs);
    const roundTripUs = Math.max(0, carriedAtUs - sentUs);
    const below = this.#below(bytes);
    this.#least.add(bytes, roundTripUs);
    const arrivalUs = sentUs + (below ?? this.#least.overall() ?? 0);
    // Behind another picture it begins to pass when that one has passed; alone, when it would arrive were it nothing.
    const queued = this.#lastAckUs > arrivalUs;
    const busyUs = Math.max(0, carriedAtUs - Math.max(this.#lastAckUs, arrivalUs));
    this.#lastAckUs = nowUs;
    if (busyUs > FIXED_US && bytes >= TELLING_BYTES) this.#busy.push({ atUs: nowUs, bits: bytes * 8, busyUs });
    if (bytes >= TELLING_BYTES) {
      const carriedUs = queued || below !== undefined ? busyUs : roundTripUs;
      this.#carried.push({ atUs: nowUs, bps: (bytes * 8e6) / Math.max(FIXED_US, carriedUs) });
    }
    this.#forget(nowUs);
    return busyUs;
  }

  /** Bits a second that the path carries while it is the limit; undefined when it was not lately. */
  capacityBps(nowUs: number): number | undefined {
    this.#forget(nowUs);
    let bits = 0;
    let busyUs = 0;
    for (const sample of this.#busy) {
      bits += sample.bits;
      busyUs += sample.busyUs;
    }
    return busyUs < LEAST_BUSY_US ? undefined : (bits * 1e6) / busyUs;
  }

  /** What every picture of some size was carried at lately; the path can do at least that. 0 when unknown. */
  carriedBps(nowUs: number): number {
    this.#forget(nowUs);
    return this.#carried.length === 0 ? 0 : Math.min(...this.#carried.map(({ bps }) => bps));
  }

  /** The least that a much smaller picture takes; undefined while nothing is known of it. */
  #below(bytes: number): number | undefined {
    const least = this.#least.below(bytes);
    if (this.#leastPingUs === Number.POSITIVE_INFINITY) return least;
    const answeredUs = this.#leastPingUs + ANSWER_US + this.#workUs;
    return least === undefined ? answeredUs : Math.min(least, answeredUs);
  }

  #forget(nowUs: number): void {
    this.#busy = this.#busy.filter(({ atUs }) => atUs > nowUs - CAPACITY_US);
    this.#carried = this.#carried.filter(({ atUs }) => atUs > nowUs - CARRIED_US);
  }
}

/** The least round trip for each size of picture. */
class LeastBySize {
  readonly #leastUs = newLeast();

  add(bytes: number, roundTripUs: number): void {
    const size = sizeOf(bytes);
    this.#leastUs[size] = Math.min(this.#leastUs[size] as number, roundTripUs);
  }

  overall(): number | undefined {
    return known(Math.min(...this.#leastUs));
  }

  /** The least among pictures that are clearly smaller than `bytes`; undefined when there was none. */
  below(bytes: number): number | undefined {
    return known(Math.min(...this.#leastUs.slice(0, sizeOf(bytes))));
  }
}

function known(us: number): number | undefined {
  return us === Number.POSITIVE_INFINITY ? undefined : us;
}

function newLeast(): number[] {
  return SIZE_LIMITS.map(() => Number.POSITIVE_INFINITY);
}

function sizeOf(bytes: number): number {
  return SIZE_LIMITS.findIndex((limit) => bytes <= limit);
}
