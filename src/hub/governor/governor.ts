import type { ShortStage, Tier } from "../../protocol/index.ts";
import { type Level, PROMISE_US, startLevel } from "./ladder.ts";
import { PathEstimate } from "./path-estimate.ts";
import { median, type PresentedTimes, RECENT_US, Recent, slowestStage } from "./recent-times.ts";

/** The bit rate is at most this share of what the path carries, so that its queue can empty. */
const SHARE = 0.85;
/** A path that is busy for this share of the time and carries this share of the rate is too narrow for the level. */
const BUSY_SHARE = 0.85;
const SHORT_SHARE = 0.9;
/** The emergency tier acts before its promise is broken: a picture of its levels takes long to pass. */
const EMERGENCY_MARGIN = 0.6;
/** A picture that is not acknowledged after this share of the promise, and a round trip, is late whenever it comes. */
const STALL_SHARE = 0.9;
/** After a move nothing is decided until the pictures that were under way have passed. */
const SETTLE_US = 150_000;
/** The least time at a level before a better one, as long as nothing went wrong, and after that. */
const FIRST_HOLD_US = 150_000;
const HOLD_US = 1_000_000;
const MAX_HOLD_US = 16_000_000;
/** A fall so soon after a rise was caused by it. */
const REGRET_US = 4_000_000;
/** After this long without a fall a later one counts as the first. */
const FORGET_US = 30_000_000;
/** A rise that is known to be good waits only for the last one's pictures. */
const JUMP_HOLD_US = 200_000;
/** With a picture under way for longer than a round trip and this, nothing rises. */
const OVERDUE_US = 100_000;
/** Ages must be this much under the promise of a better tier, and of the ultra tier to get back to it. */
const RISE_MARGIN = 0.6;
const ULTRA_MARGIN = 0.75;
const ULTRA_HOLD_US = 2_000_000;
/** Making a picture may take this many of its intervals before the machine counts as too slow. */
const MAX_INTERVALS = { top: 2, below: 1 } as const;
const LEAST_PICTURES = 4;

/** How long what is in flight may queue on the path. */
const QUEUE_US = { top: 50_000, below: 80_000 } as const;
const MIN_WINDOW_BYTES = 4 << 10;
/** Where the path is not the limit, the window is that of so many times the level's rate, for pictures above the mean. */
const MAX_WINDOW_RATES = 2;

/** What is in flight to the viewer when a decision is made. */
export type InFlight = { readonly bytes: number; readonly oldestSentUs: number | undefined };

/** Stage times of one picture at its agent, microseconds. */
export type MakingTimes = { readonly grabUs: number; readonly convertUs: number; readonly encodeUs: number };

type Shortage = { readonly stage: ShortStage; readonly target: number; readonly reason: string };

/**
 * Decides which level of the ladder one viewer of one source gets, from what is measured; the state diagram is in
 * docs/decisions. It knows no clock: every call says when it is made, in microseconds.
 */
export class Governor {
  readonly path = new PathEstimate();
  readonly #ladder: readonly Level[];
  readonly #presented = new Recent<PresentedTimes>();
  readonly #making = new Recent<MakingTimes>();
  readonly #busy = new Recent<number>();
  #level: number;
  #fps = 60;
  #stage: ShortStage = "none";
  #reason = "";
  #late = false;
  #movedUs = Number.NEGATIVE_INFINITY;
  #roseUs = Number.NEGATIVE_INFINITY;
  #fellUs = Number.NEGATIVE_INFINITY;
  #calmUs = Number.NEGATIVE_INFINITY;
  #heardUs = Number.NEGATIVE_INFINITY;
  #holdUs = FIRST_HOLD_US;
  /** What the path carried when it was last too narrow; above it only evidence counts. */
  #ceilingBps = Number.POSITIVE_INFINITY;

  /** Begins at the ladder's start level, or at `level`, where a rung is made already. */
  constructor(ladder: readonly Level[], level = startLevel(ladder)) {
    this.#ladder = ladder;
    this.#level = level;
    if (level > 0) this.#reason = "It is being found out how much the connection carries.";
  }

  get level(): number {
    return this.#level;
  }

  get tier(): Tier {
    if (this.#level > 0) return "emergency";
    return this.#late ? "standard" : "ultra";
  }

  /** The stage that keeps the viewer from a better tier. */
  get stage(): ShortStage {
    return this.#stage;
  }

  get reason(): string {
    return this.#reason;
  }

  /** It has nothing to decide until a picture is sent. */
  get settled(): boolean {
    return this.#level === 0;
  }

  /** Bytes that may be in flight: what the path carries in its round trip and a share of the promise. */
  windowBytes(nowUs: number): number {
    const rate = (this.#ladder[this.#level] as Level).bitrate;
    const bps = Math.min(this.path.capacityBps(nowUs) ?? Number.POSITIVE_INFINITY, rate * MAX_WINDOW_RATES);
    const queueUs = this.#level === 0 ? QUEUE_US.top : QUEUE_US.below;
    const bytes = (bps * (this.path.roundTripUs + queueUs)) / 8e6;
    return Math.max(MIN_WINDOW_BYTES, bytes);
  }

  /** Pictures a second that the level is given, which depends on what moves. */
  setRate(fps: number): void {
    this.#fps = fps;
  }

  /** The agent made a picture. */
  made(times: MakingTimes, nowUs: number): void {
    this.#making.add(times, nowUs);
  }

  /**
   * The viewer has pictures. `refinement` says that they showed nothing new and may take what nothing else needs,
   * `workUs` what the viewer did with the last of them before it answered.
   */
  acked(ack: { bytes: number; sentUs: number; refinement: boolean; workUs?: number }, nowUs: number): void {
    const busyUs = this.path.acked(ack.bytes, ack.sentUs, nowUs, ack.workUs ?? 0);
    this.#heardUs = nowUs;
    if (!ack.refinement) this.#busy.add(busyUs, nowUs);
  }

  /** A picture of something that changed is on the viewer's screen; it was sent at `sentUs`. */
  presented(times: PresentedTimes, sentUs: number, nowUs: number): void {
    this.path.worked(times.decodeUs + times.drawUs);
    if (sentUs >= this.#movedUs) this.#presented.add(times, nowUs);
  }

  /** Decides. Returns whether level or tier changed. */
  update(nowUs: number, inFlight: InFlight): boolean {
    const before = { level: this.#level, tier: this.tier, stage: this.#stage };
    const shortage = this.#shortage(nowUs, inFlight);
    if (shortage !== undefined) this.#fall(shortage, nowUs);
    else if (this.#level > 0) this.#rise(nowUs, inFlight);
    this.#judge(nowUs);
    return before.level !== this.#level || before.tier !== this.tier || before.stage !== this.#stage;
  }

  /** The viewer is served at another level than was decided, because no other rung can be made for it. */
  place(level: number, nowUs: number): void {
    if (level !== this.#level) this.#move(level, nowUs);
  }

  #shortage(nowUs: number, inFlight: InFlight): Shortage | undefined {
    if (nowUs < this.#movedUs + SETTLE_US + this.path.roundTripUs) return undefined;
    return this.#stall(nowUs, inFlight) ?? this.#lateness(nowUs) ?? this.#narrowness(nowUs) ?? this.#slowness(nowUs);
  }

  /** Nothing comes back any more. */
  #stall(nowUs: number, { bytes, oldestSentUs }: InFlight): Shortage | undefined {
    if (oldestSentUs === undefined) return undefined;
    const ageUs = nowUs - oldestSentUs;
    const boundUs = this.#level === 0 ? PROMISE_US.standard : PROMISE_US.emergency * EMERGENCY_MARGIN;
    if (ageUs < boundUs * STALL_SHARE + this.path.roundTripUs + SETTLE_US / 3) return undefined;
    const carriedBps = Math.min(this.path.capacityBps(nowUs) ?? Number.POSITIVE_INFINITY, (bytes * 8e6) / ageUs);
    const reason = `Nothing was acknowledged for ${Math.round(ageUs / 1000)} ms.`;
    return { stage: "network", target: this.#levelFor(carriedBps), reason };
  }

  /** Pictures come later than the tier promises. */
  #lateness(nowUs: number): Shortage | undefined {
    const samples = this.#presented.values(nowUs);
    const boundUs = this.#level === 0 ? PROMISE_US.standard : PROMISE_US.emergency * EMERGENCY_MARGIN;
    const ageUs = median(samples.map((times) => times.ageUs));
    if (samples.length < 2 || ageUs <= boundUs) return undefined;
    const stage = slowestStage(samples);
    const shown = `Pictures are ${Math.round(ageUs / 1000)} ms old when they are shown`;
    if (stage === "distance") {
      return { stage, target: Math.max(1, this.#level), reason: `${shown}, most of it for the distance.` };
    }
    if (stage !== "network") return { stage, target: this.#level + 1, reason: `${shown}, most of it for ${stage}.` };
    const capacityBps = this.path.capacityBps(nowUs);
    const target = capacityBps === undefined ? this.#level + 1 : this.#levelFor(capacityBps);
    return { stage, target, reason: `${shown}. ${describeCapacity(capacityBps)}` };
  }

  /** The path is always busy and carries less than the level's rate. */
  #narrowness(nowUs: number): Shortage | undefined {
    const capacityBps = this.path.capacityBps(nowUs);
    const { bitrate } = this.#ladder[this.#level] as Level;
    if (capacityBps === undefined || capacityBps >= bitrate * SHORT_SHARE) return undefined;
    const busyUs = this.#busy.values(nowUs).reduce((sum, value) => sum + value, 0);
    if (busyUs < RECENT_US * BUSY_SHARE) return undefined;
    return { stage: "network", target: this.#levelFor(capacityBps), reason: describeCapacity(capacityBps) };
  }

  /** Making a picture takes longer than there is time for one. */
  #slowness(nowUs: number): Shortage | undefined {
    const samples = this.#making.values(nowUs);
    if (samples.length < LEAST_PICTURES) return undefined;
    const total = median(samples.map((times) => times.grabUs + times.convertUs + times.encodeUs));
    const boundUs = this.#makingBoundUs(this.#level);
    if (total <= boundUs) return undefined;
    const stages: ReadonlyArray<readonly [ShortStage, number]> = [
      ["capture", median(samples.map(({ grabUs }) => grabUs))],
      ["convert", median(samples.map(({ convertUs }) => convertUs))],
      ["encode", median(samples.map(({ encodeUs }) => encodeUs))],
    ];
    const stage = stages.reduce((most, other) => (other[1] > most[1] ? other : most))[0];
    const reason = `A picture takes ${Math.round(total / 1000)} ms to make, ${Math.round(boundUs / 1000)} ms are there.`;
    return { stage, target: this.#level + (total > 2 * boundUs ? 2 : 1), reason };
  }

  #makingBoundUs(level: number): number {
    return (level === 0 ? MAX_INTERVALS.top : MAX_INTERVALS.below) * (1e6 / this.#fps);
  }

  /** The best level below this one whose rate the path carries with room to spare. */
  #levelFor(carriedBps: number): number {
    const index = this.#ladder.findIndex((level, at) => at > this.#level && level.bitrate <= carriedBps * SHARE);
    return index < 0 ? this.#ladder.length - 1 : index;
  }

  #fall({ stage, target, reason }: Shortage, nowUs: number): void {
    this.#stage = stage;
    this.#reason = reason;
    this.#calmUs = nowUs;
    if (stage === "network") {
      const carried = this.path.capacityBps(nowUs);
      this.#ceilingBps = carried ?? (this.#ladder[this.#level] as Level).bitrate * SHARE;
    }
    const level = Math.min(this.#ladder.length - 1, Math.max(target, this.#level));
    if (level === this.#level) return;
    const soon = nowUs - this.#roseUs < REGRET_US;
    const forgotten = nowUs - this.#fellUs > FORGET_US;
    this.#holdUs = soon && !forgotten ? Math.min(MAX_HOLD_US, Math.max(HOLD_US, this.#holdUs * 2)) : HOLD_US;
    this.#fellUs = nowUs;
    this.#move(level, nowUs);
  }

  #rise(nowUs: number, { oldestSentUs }: InFlight): void {
    const overdue = oldestSentUs !== undefined && nowUs - oldestSentUs > this.path.roundTripUs + OVERDUE_US;
    if (overdue || this.#heardUs === Number.NEGATIVE_INFINITY) return;
    const waited = nowUs - Math.max(this.#movedUs, this.#calmUs);
    const capacityBps = this.path.capacityBps(nowUs);
    const evidenceBps = capacityBps ?? this.path.carriedBps(nowUs);
    if (!this.#mayRise(nowUs)) return;
    const proven = this.#ladder.findIndex(({ bitrate }) => bitrate <= evidenceBps * SHARE);
    // One level more is a fine point, and waits as long as the last ones that turned out wrong; a wide path is none.
    const holdUs = proven < this.#level - 1 ? JUMP_HOLD_US : this.#holdUs;
    if (proven >= 0 && proven < this.#level && waited > holdUs && this.#wasMeasured()) {
      this.#riseTo(proven, nowUs);
      return;
    }
    if (waited < this.#holdUs) return;
    const next = this.#level - 1;
    const { bitrate } = this.#ladder[next] as Level;
    // What is measured says no; what was measured says no until somebody looks again.
    if (capacityBps !== undefined && bitrate > capacityBps * SHARE) return;
    const isProbe = bitrate > this.#ceilingBps * SHARE;
    if (isProbe && (nowUs - this.#heardUs > HOLD_US || waited < 2 * this.#holdUs)) return;
    this.#riseTo(next, nowUs);
  }

  /** Whether the better level's promise would be kept and the machine is quick enough for it, as far as can be seen. */
  #mayRise(nowUs: number): boolean {
    const boundUs = this.#level === 1 ? PROMISE_US.standard : PROMISE_US.emergency;
    const ages = this.#presented.values(nowUs).map((times) => times.ageUs);
    if (ages.length > 0 && median(ages) > boundUs * RISE_MARGIN) return false;
    if (this.#stage === "distance" && this.path.roundTripUs / 2 > PROMISE_US.standard * RISE_MARGIN) return false;
    const making = this.#making.values(nowUs).map((times) => times.grabUs + times.convertUs + times.encodeUs);
    return making.length === 0 || median(making) < this.#makingBoundUs(this.#level - 1) * RISE_MARGIN;
  }

  /** At the start, and while the path was the trouble, what it carries is all that matters. */
  #wasMeasured(): boolean {
    return this.#stage === "none" || this.#stage === "network";
  }

  #riseTo(level: number, nowUs: number): void {
    this.#roseUs = nowUs;
    this.#move(level, nowUs);
    if (level > 0) return;
    this.#stage = "none";
    this.#reason = "";
    this.#ceilingBps = Number.POSITIVE_INFINITY;
  }

  #move(level: number, nowUs: number): void {
    this.#level = level;
    this.#movedUs = nowUs;
    this.#presented.clear();
    this.#making.clear();
    this.#busy.clear();
  }

  /** Tells ultra from standard at the top level. */
  #judge(nowUs: number): void {
    if (this.#level > 0) {
      this.#late = false;
      return;
    }
    const samples = this.#presented.values(nowUs);
    if (samples.length < 2) return;
    const ageUs = median(samples.map((times) => times.ageUs));
    if (ageUs > PROMISE_US.ultra * (this.#late ? ULTRA_MARGIN : 1)) {
      this.#calmUs = nowUs;
      this.#late = true;
      this.#stage = slowestStage(samples);
      this.#reason = `Pictures are ${Math.round(ageUs / 1000)} ms old when they are shown.`;
    } else if (this.#late && nowUs - this.#calmUs > ULTRA_HOLD_US) {
      this.#late = false;
      this.#stage = "none";
      this.#reason = "";
    }
  }
}

function describeCapacity(bps: number | undefined): string {
  return bps === undefined ? "The connection is too slow." : `The connection carries ${(bps / 1e6).toFixed(1)} Mbit/s.`;
}
