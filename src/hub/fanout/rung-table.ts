import { Backoff, type Closable, ProtocolError } from "../../base/index.ts";
import {
  type Ack,
  type AgentMessage,
  type Codec,
  decodePicture,
  readPictureRoute,
  type StreamSettings,
  type ViewerMessage,
} from "../../protocol/index.ts";
import { Governor } from "../governor/index.ts";
import { MAX_DELTA_CLIENTS_PER_SOURCE, MAX_RUNGS_PER_SOURCE, MAX_WATCHES_PER_VIEWER } from "../limits.ts";
import type { AgentPort, Source, ViewerPort } from "../ports.ts";
import type { HubTimings } from "../timings.ts";
import { Rung, type RungContext } from "./rung.ts";
import { rungLadder } from "./rung-ladder.ts";
import { classSettings } from "./size-class.ts";

type WatchRequest = Extract<ViewerMessage, { type: "watch" }>;

/** One subscription: what was asked for and which rung feeds it. */
type Watch = {
  readonly viewer: ViewerPort;
  readonly request: WatchRequest;
  readonly source: Source;
  readonly governor: Governor;
  codecIndex: number;
  rung: Rung;
  /** The last tier that the viewer was told, as text. */
  toldTier: string;
};

/** A rung that failed: when it is tried again. */
type Retry = { readonly backoff: Backoff; timer: NodeJS.Timeout | undefined; reason: string };

const STALL_CHECK_MS = 1000;
/** How often the governors decide: while something is in flight, and while a viewer could get more. */
const DECIDE_MS = 50;
const DECIDE_IDLE_MS = 250;
/** A viewer that shares its rung does not leave it before what was sent to it has passed. */
const STALLED_US = 200_000;
const RETRY_BASE_MS = 1000;
const RETRY_CAP_MS = 10_000;

/** All rungs of a hub, who watches them, and when they are opened and closed. */
export class RungTable implements Closable {
  readonly #settings: StreamSettings;
  readonly #timings: HubTimings;
  readonly #context: RungContext;
  readonly #rungs = new Map<string, Rung>();
  readonly #watches = new Map<number, Map<number, Watch>>();
  readonly #lingering = new Map<Rung, NodeJS.Timeout>();
  readonly #retries = new Map<Rung, Retry>();
  readonly #stallCheck: NodeJS.Timeout;
  #decideTimer: NodeJS.Timeout | undefined;
  #lastNumber = 0;

  constructor(options: { settings: StreamSettings; timings: HubTimings } & Omit<RungContext, "nextNumber">) {
    this.#settings = options.settings;
    this.#timings = options.timings;
    this.#context = { ...options, nextNumber: () => ++this.#lastNumber };
    this.#stallCheck = setInterval(() => this.#dropStalled(), STALL_CHECK_MS);
  }

  /** Every rung that is open or about to be. */
  all(): Iterable<Rung> {
    return this.#rungs.values();
  }

  get size(): number {
    return this.#rungs.size;
  }

  /** Whether a viewer watches a source. */
  watches(viewer: ViewerPort, sourceId: number): boolean {
    for (const watch of this.#watches.get(viewer.id)?.values() ?? []) if (watch.source.id === sourceId) return true;
    return false;
  }

  /** Everybody who watches a source, whatever the rung; one who watches it twice comes once. */
  watchersOf(source: Source): Set<ViewerPort> {
    return new Set([...this.#watchesOf(source)].map((watch) => watch.viewer));
  }

  /**
   * Begins a subscription. One with the same number, or to the same rung, ends for it. Returns the source that the number
   * stood for before.
   */
  watch(viewer: ViewerPort, request: WatchRequest, source: Source): Source | undefined {
    const watches = this.#watches.get(viewer.id) ?? new Map<number, Watch>();
    this.#watches.set(viewer.id, watches);
    const replaced = watches.get(request.watch);
    if (replaced === undefined && watches.size >= MAX_WATCHES_PER_VIEWER) {
      const reason = `At most ${MAX_WATCHES_PER_VIEWER} sources can be watched at once.`;
      viewer.tell({ type: "unwatched", watch: request.watch, reason });
      return undefined;
    }
    const level = this.#levelToBegin(viewer, source, request);
    const rung = this.#find({ viewer, source, request }, 0, level);
    if (replaced !== undefined && replaced.rung !== rung) this.#leave(replaced);
    if (rung === undefined) {
      watches.delete(request.watch);
      viewer.tell({ type: "unwatched", watch: request.watch, reason: "The source has too many different viewers." });
      return replaced?.source;
    }
    for (const other of watches.values()) {
      if (other.rung !== rung || other.request.watch === request.watch) continue;
      watches.delete(other.request.watch);
      viewer.tell({
        type: "unwatched",
        watch: other.request.watch,
        reason: `Watched as ${request.watch} from now on.`,
      });
    }
    const governor = new Governor(rungLadder(rung.codec, rung.settings, source.description), rung.level);
    const watch: Watch = { viewer, request, source, governor, codecIndex: 0, rung, toldTier: "" };
    watches.set(request.watch, watch);
    this.#join(watch);
    return replaced?.source;
  }

  /** Ends a subscription. Returns its source, or undefined when there was none of that number. */
  unwatch(viewer: ViewerPort, number: number): Source | undefined {
    const watch = this.#watches.get(viewer.id)?.get(number);
    if (watch === undefined) return undefined;
    this.#watches.get(viewer.id)?.delete(number);
    this.#leave(watch);
    return watch.source;
  }

  /** The viewer is gone. */
  removeViewer(viewer: ViewerPort): void {
    const watches = this.#watches.get(viewer.id);
    this.#watches.delete(viewer.id);
    for (const watch of watches?.values() ?? []) this.#leave(watch);
  }

  /** Throws {@link ProtocolError}. Acks for a rung that has ended are late, not wrong. */
  ack(viewer: ViewerPort, ack: Ack): void {
    this.#numberedForViewer(viewer, ack.rung)?.ack(viewer, ack);
  }

  /** Throws {@link ProtocolError} for a rung that never was. */
  wantKeyframe(viewer: ViewerPort, number: number): void {
    this.#numberedForViewer(viewer, number)?.wantKeyframe(viewer);
  }

  drained(viewer: ViewerPort): void {
    for (const watch of this.#watches.get(viewer.id)?.values() ?? []) watch.rung.drained(viewer);
  }

  /** A picture from an agent. Throws {@link ProtocolError}. Pictures of a rung that was just closed are late, not wrong. */
  picture(agent: AgentPort, message: Uint8Array): void {
    const rung = this.#numberedForAgent(agent, readPictureRoute(message).rung);
    const picture = decodePicture(message);
    rung?.picture(message, picture);
    this.#decideSoon(DECIDE_MS);
  }

  /** An agent's message about a rung. Throws {@link ProtocolError}. */
  report(agent: AgentPort, message: Extract<AgentMessage, { type: "rung" | "rung-failed" | "performance" }>): void {
    const rung = this.#numberedForAgent(agent, message.rung);
    if (rung === undefined) return;
    const isRenewal = message.rung === rung.renewalNumber;
    if (isRenewal && message.type === "rung-failed") rung.cancelRenewal();
    else if (message.type === "performance") {
      if (!isRenewal) rung.measured(message.performance);
    } else if (message.type === "rung-failed") this.#failed(rung, message.reason);
    else {
      this.#forgetRetry(rung);
      rung.ready(message);
    }
  }

  /** The source delivers (again): its viewers get what they asked for first. */
  sourceLive(source: Source): void {
    for (const rung of this.#rungs.values()) if (rung.source === source) this.#forgetRetry(rung);
    for (const watch of this.#watchesOf(source)) if (watch.codecIndex > 0) this.#moveTo(watch, 0);
    for (const rung of this.#rungs.values()) if (rung.source === source && rung.subscribers.size > 0) rung.open();
  }

  /** What delivered the source has ended and something else takes its place: all rungs are opened again. */
  sourceRestarted(source: Source, reason: string): void {
    for (const rung of this.#rungsOf(source)) {
      this.#forgetRetry(rung);
      rung.interrupt(reason);
    }
    this.sourceLive(source);
  }

  /** Something else begins to deliver the source beside what does now; each rung changes over when it has a picture. */
  renewSource(source: Source): void {
    for (const rung of this.#rungsOf(source)) rung.renew();
  }

  /** The renewal has failed; the rungs go on with what they have. */
  cancelRenewal(source: Source): void {
    for (const rung of this.#rungsOf(source)) rung.cancelRenewal();
  }

  /** There is no such source any more: nobody watches it. */
  removeSource(source: Source, reason: string): void {
    for (const watch of [...this.#watchesOf(source)]) {
      const { viewer, request } = watch;
      this.#watches.get(viewer.id)?.delete(request.watch);
      watch.rung.leave(viewer);
      viewer.tell({ type: "unwatched", watch: request.watch, reason });
    }
    for (const rung of this.#rungsOf(source)) this.#remove(rung);
  }

  sourceLost(source: Source): void {
    for (const rung of this.#rungs.values()) {
      if (rung.source !== source) continue;
      this.#forgetRetry(rung);
      rung.interrupt(source.detail);
    }
  }

  close(): void {
    clearInterval(this.#stallCheck);
    clearTimeout(this.#decideTimer);
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    for (const { timer } of this.#retries.values()) clearTimeout(timer);
    for (const rung of this.#rungs.values()) rung.close();
    this.#rungs.clear();
    this.#watches.clear();
  }

  #numberedForViewer(viewer: ViewerPort, number: number): Rung | undefined {
    this.#requireAllocated(number);
    for (const { rung } of this.#watches.get(viewer.id)?.values() ?? []) if (rung.number === number) return rung;
    return undefined;
  }

  #numberedForAgent(agent: AgentPort, number: number): Rung | undefined {
    this.#requireAllocated(number);
    for (const rung of this.#rungs.values()) {
      if (rung.number !== number && rung.renewalNumber !== number) continue;
      if (rung.agent !== agent) throw new ProtocolError("wrong-state", `Rung ${number} belongs to another agent.`);
      return rung;
    }
    return undefined;
  }

  #requireAllocated(number: number): void {
    if (number < 1 || number > this.#lastNumber) {
      throw new ProtocolError("wrong-state", `There has never been a rung ${number}.`);
    }
  }

  /** The rung for a request at a level; where there is no room for one more, the class's nearest that takes less. */
  #find(who: Pick<Watch, "viewer" | "source" | "request">, codecIndex: number, level: number): Rung | undefined {
    const { viewer, source, request } = who;
    const codec = request.codecs[codecIndex] as Codec;
    const settings = classSettings(this.#settings, source.description, request);
    const rungClass = classKey({ viewer, source, request }, codec, settings);
    const known = this.#rungs.get(`${rungClass}/${level}`);
    if (known !== undefined) return known;
    if (!this.#makeRoom(source, codec)) return this.#nearest(rungClass, level);
    const rung = new Rung(source, codec, settings, level, this.#context, request.tiles ?? true);
    this.#rungs.set(`${rungClass}/${level}`, rung);
    return rung;
  }

  #nearest(rungClass: string, level: number): Rung | undefined {
    const siblings = [...this.#rungs].filter(([key]) => key.startsWith(`${rungClass}/`)).map(([, rung]) => rung);
    const below = siblings.filter((rung) => rung.level > level).sort((a, b) => a.level - b.level);
    return below[0] ?? siblings.sort((a, b) => b.level - a.level)[0];
  }

  /** A viewer joins those who get most, if that is at least what the first of a class begins with. */
  #levelToBegin(viewer: ViewerPort, source: Source, request: WatchRequest): number {
    const settings = classSettings(this.#settings, source.description, request);
    const codec = request.codecs[0] as Codec;
    const rungClass = classKey({ viewer, source, request }, codec, settings);
    const levels = [...this.#rungs]
      .filter(([key, rung]) => key.startsWith(`${rungClass}/`) && rung.subscribers.size > 0)
      .map(([, rung]) => rung.level);
    // A camera's own stream is already made: only who cannot take it gets less, and pays with a keyframe.
    if (source.description.kind === "camera") return 0;
    return Math.min(new Governor(rungLadder(codec, settings, source.description)).level, ...levels);
  }

  #decideSoon(delayMs: number): void {
    this.#decideTimer ??= setTimeout(() => {
      this.#decideTimer = undefined;
      this.#decide();
    }, delayMs);
  }

  /** Lets every viewer's governor decide and does what they say. */
  #decide(): void {
    const watches = [...this.#watches.values()].flatMap((each) => [...each.values()]);
    const delays = watches.map((watch) => this.#decideFor(watch));
    for (const rung of this.#rungs.values()) rung.tune();
    for (const watch of watches) this.#tellTier(watch);
    const soonestMs = Math.min(...delays);
    if (soonestMs < Number.POSITIVE_INFINITY) this.#decideSoon(soonestMs);
  }

  /** Returns in how many milliseconds the viewer's governor wants to look again. */
  #decideFor(watch: Watch): number {
    const { governor, rung, viewer } = watch;
    const subscriber = rung.subscribers.get(viewer.id);
    if (subscriber === undefined || rung.number === undefined) return Number.POSITIVE_INFINITY;
    const nowUs = this.#context.nowUs();
    const { inFlight } = subscriber;
    governor.update(nowUs, inFlight);
    subscriber.adjustWindow(nowUs);
    // Who takes nothing costs its rung nothing, and a rung of its own would be made for nobody.
    const stalled = inFlight.oldestSentUs !== undefined && nowUs - inFlight.oldestSentUs > STALLED_US;
    const alone = rung.subscribers.size === 1;
    if (governor.level !== rung.level && (alone || !stalled)) this.#changeLevel(watch, nowUs);
    if (inFlight.oldestSentUs !== undefined) return DECIDE_MS;
    return governor.settled ? Number.POSITIVE_INFINITY : DECIDE_IDLE_MS;
  }

  /** A rung goes along with all its viewers; else this one changes to a rung of its level, where one can be had. */
  #changeLevel(watch: Watch, nowUs: number): void {
    const { rung, governor } = watch;
    const rungClass = classKey(watch, rung.codec, rung.settings);
    const governors = [...rung.subscribers.values()].map((subscriber) => subscriber.governor);
    // While all of them are finding out what they can have, none runs ahead: each would need a picture of its own.
    const together = governors.every(({ stage, level }) => stage === "none" && level <= rung.level);
    const level = together ? Math.max(...governors.map((each) => each.level)) : governor.level;
    if (level === rung.level) return;
    const there = this.#rungs.get(`${rungClass}/${level}`);
    if ((together || governors.length === 1) && (there === undefined || there.subscribers.size === 0)) {
      if (there !== undefined) this.#remove(there);
      this.#rungs.delete(`${rungClass}/${rung.level}`);
      rung.setLevel(level);
      this.#rungs.set(`${rungClass}/${level}`, rung);
      return;
    }
    const next = this.#find(watch, watch.codecIndex, governor.level);
    if (next !== undefined && next !== rung) this.#change(watch, next, watch.codecIndex);
    governor.place(watch.rung.level, nowUs);
  }

  #tellTier(watch: Watch): void {
    const { governor, rung, viewer, request } = watch;
    if (rung.number === undefined || !viewer.takesPictures) return;
    const { tier, stage, reason } = governor;
    const { bitrate, fps, videoWidth, videoHeight } = rung.budget;
    const state = { tier, stage, bitrate, fps, videoWidth, videoHeight };
    // The words have figures that change all the time; they are told with what they explain.
    const text = JSON.stringify(state);
    if (text === watch.toldTier) return;
    watch.toldTier = text;
    viewer.tell({ type: "tier", watch: request.watch, ...state, reason });
  }
  #makeRoom(source: Source, codec: Codec): boolean {
    // Clients of the legacy wire's deltas have a rung each, which must not be taken from everybody else's.
    const isOwn = codec === "kvm-delta";
    const siblings = [...this.#rungs.values()].filter(
      (rung) => rung.source === source && (rung.codec === "kvm-delta") === isOwn,
    );
    if (siblings.length < (isOwn ? MAX_DELTA_CLIENTS_PER_SOURCE : MAX_RUNGS_PER_SOURCE)) return true;
    const unwatched = siblings.find((rung) => rung.subscribers.size === 0);
    if (unwatched !== undefined) this.#remove(unwatched);
    return unwatched !== undefined;
  }

  #join(watch: Watch): void {
    const { viewer, request, rung, source } = watch;
    clearTimeout(this.#lingering.get(rung));
    this.#lingering.delete(rung);
    rung.join(viewer, request.watch, watch.governor);
    watch.toldTier = "";
    this.#decideSoon(DECIDE_MS);
    const retry = this.#retries.get(rung);
    if (source.agent === undefined) viewer.tell({ type: "interrupted", watch: request.watch, reason: source.detail });
    else if (retry === undefined) rung.open();
    else {
      viewer.tell({ type: "interrupted", watch: request.watch, reason: retry.reason });
      this.#moveTo(watch, watch.codecIndex + 1);
    }
  }

  #leave({ viewer, rung }: Watch): void {
    rung.leave(viewer);
    if (rung.subscribers.size > 0 || this.#lingering.has(rung)) return;
    this.#lingering.set(
      rung,
      setTimeout(() => this.#remove(rung), this.#timings.rungLingerMs),
    );
  }

  #remove(rung: Rung): void {
    clearTimeout(this.#lingering.get(rung));
    this.#lingering.delete(rung);
    this.#forgetRetry(rung);
    for (const [key, candidate] of this.#rungs) if (candidate === rung) this.#rungs.delete(key);
    rung.close();
  }

  /** Viewers that accept another codec change to it; for the others the rung is tried again later. */
  #failed(rung: Rung, reason: string): void {
    rung.interrupt(reason);
    const watches = [...this.#watchesOf(rung.source)].filter((watch) => watch.rung === rung);
    for (const watch of watches) this.#moveTo(watch, watch.codecIndex + 1);
    if (rung.subscribers.size === 0) return;
    const retry: Retry = this.#retries.get(rung) ?? {
      backoff: new Backoff({
        firstMs: RETRY_BASE_MS,
        baseMs: RETRY_BASE_MS,
        capMs: RETRY_CAP_MS,
        random: Math.random,
      }),
      timer: undefined,
      reason,
    };
    retry.reason = reason;
    clearTimeout(retry.timer);
    retry.timer = setTimeout(() => rung.open(), retry.backoff.nextDelayMs());
    this.#retries.set(rung, retry);
  }

  #moveTo(watch: Watch, codecIndex: number): void {
    if (codecIndex >= watch.request.codecs.length) return;
    const rung = this.#find(watch, codecIndex, watch.governor.level);
    if (rung === undefined || rung === watch.rung) return;
    this.#change(watch, rung, codecIndex);
    watch.governor.place(rung.level, this.#context.nowUs());
  }

  #change(watch: Watch, rung: Rung, codecIndex: number): void {
    this.#leave(watch);
    watch.codecIndex = codecIndex;
    watch.rung = rung;
    this.#join(watch);
  }

  #rungsOf(source: Source): Rung[] {
    return [...this.#rungs.values()].filter((rung) => rung.source === source);
  }

  *#watchesOf(source: Source): Iterable<Watch> {
    for (const watches of this.#watches.values()) {
      for (const watch of watches.values()) if (watch.source === source) yield watch;
    }
  }

  #forgetRetry(rung: Rung): void {
    clearTimeout(this.#retries.get(rung)?.timer);
    this.#retries.delete(rung);
  }

  #dropStalled(): void {
    const limitUs = this.#context.nowUs() - this.#timings.tooSlowMs * 1000;
    for (const rung of this.#rungs.values()) rung.dropStalled(limitUs);
  }
}

/** Rungs of one class differ only in their level. */
function classKey(
  { viewer, source, request }: Pick<Watch, "viewer" | "source" | "request">,
  codec: Codec,
  settings: StreamSettings,
): string {
  // Deltas of the legacy wire go on from what one client has.
  const owner = codec === "kvm-delta" ? `/${viewer.id}` : "";
  const quality = codec === "jpeg" ? `q${settings.jpegQuality}` : "";
  const plain = request.tiles === false ? "/plain" : "";
  return `${source.id}/${codec}${quality}/${settings.width}x${settings.height}@${settings.fps}${plain}${owner}`;
}
