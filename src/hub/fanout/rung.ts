import { type Closable, ProtocolError } from "../../base/index.ts";
import type { Ack, AgentMessage, Codec, Performance, RungBudget, StreamSettings } from "../../protocol/index.ts";
import { encodeAck, type Picture, readTiles, stampHubTime } from "../../protocol/index.ts";
import { budgetAt, type Governor, type Level } from "../governor/index.ts";
import type { AgentPort, HubCounters, Source, ViewerPort } from "../ports.ts";
import { AgentCredit } from "./agent-credit.ts";
import { ContentWatch } from "./content-watch.ts";
import { isAfter, MIN_CREDITS } from "./credit-window.ts";
import { GopCache } from "./gop-cache.ts";
import { KEYFRAME_REPEAT_MS, KeyframeGate } from "./keyframe-gate.ts";
import { PerformanceFeed } from "./performance-feed.ts";
import { rungLadder } from "./rung-ladder.ts";
import { agentAgeUs, isRefinement } from "./sent-pictures.ts";
import { Subscriber } from "./subscriber.ts";

/** What an agent said about a rung that it opened. */
export type RungProperties = Extract<AgentMessage, { type: "rung" }>;

/** What will deliver instead once its first keyframe has come. */
type Renewal = {
  readonly number: number;
  readonly credits: number;
  properties: RungProperties | undefined;
  lastSequence: number | undefined;
};

/** What all rungs of a hub use. */
export type RungContext = {
  readonly counters: HubCounters;
  readonly nowUs: () => number;
  /** Gives the next rung number. */
  readonly nextNumber: () => number;
};

/**
 * One encoding of a source and its viewers. It outlives its agent: after a restart it is opened again under a new number
 * for the same viewers. Every picture goes to every viewer as the very same bytes.
 */
export class Rung implements Closable {
  readonly source: Source;
  readonly codec: Codec;
  readonly settings: StreamSettings;
  /** Whether its pictures may be tiles; else each one is a whole one of the codec. */
  readonly tiles: boolean;
  readonly #ladder: readonly Level[];
  readonly #content = new ContentWatch();
  #level: number;
  #budget: RungBudget;
  readonly #context: RungContext;
  readonly #subscribers = new Map<number, Subscriber>();
  readonly #keyframes: KeyframeGate;
  readonly #feed: PerformanceFeed;
  #agent: AgentPort | undefined;
  #number: number | undefined;
  #properties: RungProperties | undefined;
  #credit = new AgentCredit();
  #agentCredits = MIN_CREDITS;
  #lastSequence: number | undefined;
  /** Present while the agent passes a camera's own stream through. */
  #cache: GopCache | undefined;
  #renewal: Renewal | undefined;

  /** `level` is the step of the settings' ladder that its pictures are made for. */
  constructor(
    source: Source,
    codec: Codec,
    settings: StreamSettings,
    level: number,
    context: RungContext,
    tiles = true,
  ) {
    this.source = source;
    this.codec = codec;
    this.settings = settings;
    this.tiles = tiles;
    this.#ladder = rungLadder(codec, settings, source.description);
    this.#level = level;
    this.#budget = this.#budgetNow();
    this.#context = context;
    this.#keyframes = new KeyframeGate(() => this.#requestKeyframe());
    this.#feed = new PerformanceFeed((performance) => this.#pushPerformance(performance));
  }

  /** The number on the wire while the agent delivers it; a new one after each opening. */
  get number(): number | undefined {
    return this.#number;
  }

  /** Its number after a renewal that goes on. */
  get renewalNumber(): number | undefined {
    return this.#renewal?.number;
  }

  /** The agent that delivers it. */
  get agent(): AgentPort | undefined {
    return this.#agent;
  }

  get subscribers(): ReadonlyMap<number, Subscriber> {
    return this.#subscribers;
  }

  get level(): number {
    return this.#level;
  }

  /** What its pictures may take now. */
  get budget(): RungBudget {
    return this.#budget;
  }

  /** Makes it a rung of another level, while it runs. */
  setLevel(level: number): void {
    this.#level = level;
    this.tune();
  }

  /** Tells the agent what pictures may take, if that has changed with the level, the content or the viewers. */
  tune(): void {
    const budget = this.#budgetNow();
    for (const { governor } of this.#subscribers.values()) governor.setRate(budget.fps);
    if (JSON.stringify(budget) === JSON.stringify(this.#budget)) return;
    this.#budget = budget;
    if (this.#number !== undefined) this.#agent?.command({ type: "budget", rung: this.#number, budget });
  }

  get performance(): Performance | undefined {
    return this.#feed.latest;
  }

  /** Asks the source's agent to deliver; does nothing while that is lost or when it was asked already. */
  open(): void {
    const { agent } = this.source;
    if (agent === undefined || this.#number !== undefined) return;
    this.#agent = agent;
    this.#number = this.#context.nextNumber();
    this.#begin(undefined, undefined);
    this.#agentCredits = Math.min(MIN_CREDITS, this.#demand().credits);
    this.#ask(agent, this.#number, this.#agentCredits);
  }

  /**
   * Has the agent deliver under a new number. What comes under the old one goes on until the new one's first keyframe, so
   * that viewers see no gap. Does nothing while the rung is not open.
   */
  renew(): void {
    if (this.#agent === undefined || this.#number === undefined || this.#renewal !== undefined) return;
    const number = this.#context.nextNumber();
    this.#renewal = { number, credits: MIN_CREDITS, properties: undefined, lastSequence: undefined };
    this.#ask(this.#agent, number, MIN_CREDITS);
  }

  /** Goes on with what there is. */
  cancelRenewal(): void {
    if (this.#renewal === undefined) return;
    this.#agent?.command({ type: "close-rung", rung: this.#renewal.number });
    this.#renewal = undefined;
  }

  /** Nothing comes any more until the next `open`; the viewers are told why. */
  interrupt(reason: string): void {
    this.#number = undefined;
    this.#renewal = undefined;
    this.#cache = undefined;
    this.#agent = undefined;
    this.#keyframes.close();
    this.#feed.clear();
    for (const { viewer, watch } of this.#subscribers.values()) viewer.tell({ type: "interrupted", watch, reason });
  }

  /** Adds a viewer, which gets `watching` as soon as the agent delivers and pictures from the next keyframe on. */
  join(viewer: ViewerPort, watch: number, governor: Governor): void {
    const subscriber = new Subscriber({
      viewer,
      watch,
      governor,
      fps: this.settings.fps,
      counters: this.#context.counters,
      nowUs: this.#context.nowUs,
    });
    subscriber.desynchronize();
    subscriber.expectBursts(this.#bursts);
    subscriber.adjustWindow(this.#context.nowUs());
    this.#subscribers.set(viewer.id, subscriber);
    this.tune();
    if (this.#number === undefined || this.#properties === undefined) return;
    this.#tellWatching(subscriber, this.#properties);
    this.#settle();
    this.#resynchronize(subscriber);
  }

  leave(viewer: ViewerPort): void {
    if (this.#subscribers.delete(viewer.id)) this.#settle();
  }

  /** The agent delivers from now on, or the rung's size or encoder has changed. */
  ready(properties: RungProperties): void {
    if (properties.codec !== this.codec) {
      throw new ProtocolError("wrong-state", `Rung ${properties.rung} was asked for ${this.codec}.`);
    }
    if (properties.rung === this.#renewal?.number) {
      this.#renewal.properties = properties;
      return;
    }
    this.#announce(properties);
    // The first picture should be one; asking again costs nothing once it has come.
    if (this.#cache === undefined) this.#keyframes.want(KEYFRAME_REPEAT_MS);
  }

  /** Passes a picture to the viewers. Throws {@link ProtocolError} when it is no good or not the next one of this rung. */
  picture(message: Uint8Array, picture: Picture): void {
    if (picture.rung === this.#renewal?.number && !this.#takesOver(this.#renewal, picture)) return;
    this.#checkOrder(picture);
    const nowUs = this.#context.nowUs();
    stampHubTime(message, nowUs);
    this.#context.counters.pictureReceived(message.byteLength);
    // Nothing holds a camera's own stream back.
    if (this.#cache === undefined) this.#credit.received(picture.sequence);
    else this.#cache.add(message, picture.keyframe);
    const { sequence, keyframe, waitUs, grabUs, convertUs, encodeUs } = picture;
    const refinement = isRefinement(picture);
    if (!refinement) this.#content.add(picture.kind, message.byteLength, nowUs);
    const age = agentAgeUs(picture, this.#agent?.clockOffsetUs ?? 0, nowUs);
    const sent = { sequence, keyframe, refinement, agentAgeUs: age, waitUs, grabUs, convertUs, encodeUs };
    for (const subscriber of this.#subscribers.values()) {
      if (!refinement) subscriber.governor.made(picture, nowUs);
      subscriber.offer(message, sent, nowUs);
    }
    if (picture.keyframe) this.#keyframes.arrived();
    this.#settle();
  }

  /** A viewer has a picture. Throws {@link ProtocolError} for one that there has never been. */
  ack(viewer: ViewerPort, ack: Ack): void {
    if (this.#lastSequence === undefined || isAfter(ack.sequence, this.#lastSequence)) {
      throw new ProtocolError("wrong-state", `Picture ${ack.sequence} of rung ${ack.rung} has never been sent.`);
    }
    const subscriber = this.#subscribers.get(viewer.id);
    if (subscriber === undefined) return;
    const nowUs = this.#context.nowUs();
    if (subscriber.acked(ack, nowUs) === undefined) return;
    this.#settle();
    this.#catchUp(subscriber, nowUs);
  }

  /** A viewer's queue has drained, so it may take pictures again. */
  drained(viewer: ViewerPort): void {
    const subscriber = this.#subscribers.get(viewer.id);
    if (subscriber === undefined) return;
    this.#settle();
    this.#catchUp(subscriber, this.#context.nowUs());
  }

  /** A viewer could not decode what it got. */
  wantKeyframe(viewer: ViewerPort): void {
    const subscriber = this.#subscribers.get(viewer.id);
    if (subscriber === undefined || this.#properties === undefined) return;
    subscriber.desynchronize();
    this.#resynchronize(subscriber);
  }

  measured(performance: Performance): void {
    this.#feed.update(performance);
  }

  /** Disconnects viewers that have left a picture unacknowledged since before `limitUs`. */
  dropStalled(limitUs: number): void {
    for (const subscriber of this.#subscribers.values()) {
      if ((subscriber.oldestSentUs ?? Number.POSITIVE_INFINITY) < limitUs) {
        subscriber.viewer.closeTooSlow("A picture was not acknowledged for too long.");
      }
    }
  }

  /** Ends the encoding. The viewers are the caller's to tell. */
  close(): void {
    this.cancelRenewal();
    this.#cache = undefined;
    if (this.#number !== undefined) this.#agent?.command({ type: "close-rung", rung: this.#number });
    this.#number = undefined;
    this.#agent = undefined;
    this.#keyframes.close();
    this.#feed.clear();
  }

  get #bursts(): boolean {
    return this.#cache !== undefined && this.codec !== "jpeg";
  }

  #ask(agent: AgentPort, rung: number, credits: number): void {
    const { codec, settings, budget } = this;
    const plain = this.tiles ? {} : { tiles: false };
    agent.command({ type: "open-rung", rung, source: this.source.id, codec, settings, credits, budget, ...plain });
  }

  /** Every viewer begins anew with what comes under this number. */
  #begin(properties: RungProperties | undefined, lastSequence: number | undefined): void {
    this.#properties = undefined;
    this.#cache = undefined;
    this.#credit = new AgentCredit();
    this.#lastSequence = lastSequence;
    for (const subscriber of this.#subscribers.values()) {
      subscriber.restart(this.settings.fps);
      subscriber.adjustWindow(this.#context.nowUs());
    }
    if (properties !== undefined) this.#announce(properties);
  }

  #announce(properties: RungProperties): void {
    const wasPassthrough = this.#cache !== undefined;
    this.#properties = properties;
    this.#cache = properties.passthrough === true ? new GopCache() : undefined;
    if (this.#cache !== undefined) this.#keyframes.close();
    if (wasPassthrough && this.#cache === undefined) this.#acceptAll();
    for (const subscriber of this.#subscribers.values()) {
      subscriber.desynchronize();
      subscriber.expectBursts(this.#bursts);
      this.#tellWatching(subscriber, properties);
    }
  }

  /** Credits count again from here; none was taken by what was passed through. */
  #acceptAll(): void {
    this.#credit = new AgentCredit();
    const [rung, sequence] = [this.#number, this.#lastSequence];
    if (rung === undefined || sequence === undefined) return;
    this.#agent?.deliver(encodeAck({ stage: "accepted", rung, sequence, decodeUs: 0, drawUs: 0 }));
  }

  /** Whether this is the picture from which on the renewal is the rung. */
  #takesOver(renewal: Renewal, picture: Picture): boolean {
    if (renewal.properties === undefined) {
      throw new ProtocolError("wrong-state", `Rung ${picture.rung} delivers before it was announced.`);
    }
    if (!picture.keyframe) {
      renewal.lastSequence = picture.sequence;
      return false;
    }
    if (this.#number !== undefined) this.#agent?.command({ type: "close-rung", rung: this.#number });
    this.#renewal = undefined;
    this.#number = renewal.number;
    this.#agentCredits = renewal.credits;
    this.#begin(renewal.properties, renewal.lastSequence);
    return true;
  }

  /** What a viewer needs to decode what comes next: from the camera's own stream what is kept, else a keyframe. */
  #resynchronize(subscriber: Subscriber): void {
    if (this.#cache === undefined) this.#keyframes.want();
    else if (this.#lastSequence !== undefined) {
      subscriber.replay(this.#cache.messages, this.#lastSequence, this.#context.nowUs());
    }
  }

  #budgetNow(): RungBudget {
    const governors = [...this.#subscribers.values()].map(({ governor }) => governor);
    const saving =
      governors.length > 0 && governors.every(({ tier, stage }) => tier !== "ultra" && stage === "network");
    return budgetAt(this.settings, this.#ladder, { level: this.#level, content: this.#content.kind, saving });
  }

  /** For a viewer that missed pictures a keyframe is asked for, as soon as it can take one. */
  #catchUp(subscriber: Subscriber, nowUs: number): void {
    // One that is about to leave for a rung of its level needs none here.
    if (!subscriber.waitsForKeyframe || subscriber.free === 0 || subscriber.governor.level !== this.#level) return;
    if (this.#cache !== undefined) {
      // A JPEG needs nothing before it, so the newest is as good as the next; video goes on at the camera's next keyframe.
      if (!this.#bursts) this.#resynchronize(subscriber);
      return;
    }
    const delayMs = subscriber.resyncDelayMs(nowUs);
    if (delayMs !== undefined) this.#keyframes.want(delayMs);
  }

  /** Gives the agent credits back, as far as the fastest viewer allows. */
  #settle(): void {
    if (this.#number === undefined || this.#cache !== undefined) return;
    const { credits, free } = this.#demand();
    const rung = this.#number;
    if (credits !== this.#agentCredits) {
      this.#agentCredits = credits;
      this.#agent?.command({ type: "credits", rung, credits });
    }
    const sequence = this.#credit.settle(credits, free);
    if (sequence === undefined) return;
    this.#agent?.deliver(encodeAck({ stage: "accepted", rung, sequence, decodeUs: 0, drawUs: 0 }));
  }

  /** How many pictures the viewer with the most room can take, and its window. */
  #demand(): { credits: number; free: number } {
    let synced = 0;
    let waiting = 0;
    let anySynced = false;
    for (const subscriber of this.#subscribers.values()) {
      anySynced ||= !subscriber.waitsForKeyframe;
      if (subscriber.waitsForKeyframe) waiting = Math.max(waiting, subscriber.free);
      else synced = Math.max(synced, subscriber.free);
    }
    const credits = this.#creditsOfLeader(Math.max(synced, waiting));
    // Who waits for a keyframe takes nothing else, so its room is worth that one picture and only once it was asked for:
    // otherwise the agent would run away from the viewers that can follow.
    if (this.#keyframes.asked) return { credits, free: Math.max(synced, Math.min(1, waiting)) };
    return { credits, free: anySynced || this.#keyframes.pending ? synced : waiting };
  }

  /** The largest window among the viewers with the most room; it stays as it is while nobody watches. */
  #creditsOfLeader(free: number): number {
    if (this.#subscribers.size === 0) return this.#agentCredits;
    let credits = 1;
    for (const subscriber of this.#subscribers.values()) {
      if (subscriber.free === free) credits = Math.max(credits, subscriber.windowSize);
    }
    return credits;
  }

  #checkOrder(picture: Picture): void {
    if (this.#properties === undefined) {
      throw new ProtocolError("wrong-state", `Rung ${picture.rung} delivers before it was announced.`);
    }
    const kind = pictureKindOf(this.codec);
    if (picture.kind === "tiles" && kind !== "kvm") readTiles(picture);
    else if (picture.kind !== kind) {
      throw new ProtocolError("wrong-state", `Rung ${picture.rung} delivers ${picture.kind} instead of ${this.codec}.`);
    }
    if (this.#lastSequence !== undefined && picture.sequence !== (this.#lastSequence + 1) >>> 0) {
      const text = `Rung ${picture.rung} went from picture ${this.#lastSequence} to ${picture.sequence}.`;
      throw new ProtocolError("wrong-state", text);
    }
    this.#lastSequence = picture.sequence;
  }

  #requestKeyframe(): void {
    const isNeeded = [...this.#subscribers.values()].some((subscriber) => subscriber.waitsForKeyframe);
    if (this.#number === undefined || !isNeeded) {
      this.#keyframes.close();
      return;
    }
    this.#context.counters.keyframeRequested();
    this.#agent?.command({ type: "keyframe", rung: this.#number });
    this.#settle();
  }

  #tellWatching(subscriber: Subscriber, properties: RungProperties): void {
    const { rung, codec, codecString, width, height, encoder, encoderReason } = properties;
    subscriber.viewer.tell({
      type: "watching",
      watch: subscriber.watch,
      source: this.source.id,
      rung,
      codec,
      codecString,
      width,
      height,
      encoder,
      encoderReason,
      agentClockOffsetUs: this.#agent?.clockOffsetUs ?? 0,
    });
  }

  #pushPerformance(performance: Performance): void {
    if (this.#number === undefined) return;
    for (const { viewer, dropped } of this.#subscribers.values()) {
      if (!viewer.takesPictures) continue;
      viewer.tell({
        type: "performance",
        rung: this.#number,
        performance,
        viewers: this.#subscribers.size,
        dropped,
        agentClockOffsetUs: this.#agent?.clockOffsetUs ?? 0,
      });
    }
  }
}

/** What a rung delivers besides tiles. */
function pictureKindOf(codec: Codec): Picture["kind"] {
  if (codec === "h264") return "video";
  return codec === "jpeg" ? "jpeg" : "kvm";
}
