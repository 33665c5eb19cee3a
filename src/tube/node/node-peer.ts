import type { DataChannel, PeerConnection } from "node-datachannel";
import { Emitter } from "../../base/index.ts";
import type { TubeSignal } from "../../protocol/index.ts";
import { AttemptError, noWayError, type TubePeer, type TubeTransport } from "../core/index.ts";
import { DataChannelTransport } from "./data-channel-transport.ts";
import { fromNative, type WebRtc } from "./web-rtc.ts";

/** Until every event that happened before the end of gathering has come. */
const SETTLE_MS = 50;

type PeerSignal = Extract<TubeSignal, { kind: "description" | "candidate" }>;

/** A peer connection of node-datachannel with its one data channel, until that is open. */
export class NodePeer implements TubePeer {
  readonly #connection: PeerConnection;
  readonly #signals = new Emitter<PeerSignal>();
  readonly #opened = new Emitter<TubeTransport>();
  readonly #failures = new Emitter<AttemptError>();
  readonly onSignal = this.#signals.event;
  readonly onOpen = this.#opened.event;
  readonly onFailed = this.#failures.event;
  #channel: DataChannel | undefined;
  #settled = false;
  #hasRemoteDescription = false;
  #earlyCandidates: Array<Extract<TubeSignal, { kind: "candidate" }>> = [];
  readonly #iceServers: readonly string[];
  readonly #relayOnly: boolean;
  #hasRelay = false;

  /**
   * `iceServers` are "stun:host:port" or "turn:user:password@host:port". With `relayOnly` it offers
   * and takes addresses of TURN servers only; two ends that can reach each other may still find that out through them.
   */
  constructor(
    webRtc: WebRtc,
    iceServers: readonly string[],
    { relayOnly = false }: { readonly relayOnly?: boolean | undefined } = {},
  ) {
    this.#iceServers = iceServers;
    this.#relayOnly = relayOnly;
    this.#connection = new webRtc.PeerConnection("tube", {
      ...{ iceServers: [...iceServers], enableIceTcp: true, iceTransportPolicy: relayOnly ? "relay" : "all" },
    });
    this.#connection.onLocalDescription(
      fromNative((sdp, type) => {
        if (type === "offer" || type === "answer") this.#signals.emit({ kind: "description", type, sdp });
      }),
    );
    this.#connection.onLocalCandidate(
      fromNative((candidate, mid) => {
        this.#hasRelay ||= isRelayed(candidate);
        this.#signals.emit({ kind: "candidate", candidate, mid });
      }),
    );
    this.#connection.onGatheringStateChange(
      fromNative((state) => {
        // Otherwise only time would tell. Later, for each event of the library has a queue of its own: this one can come
        // before that of a candidate which was found first.
        if (state === "complete") setTimeout(() => this.#gathered(), SETTLE_MS);
      }),
    );
    this.#connection.onStateChange(fromNative((state) => this.#stateChanged(state)));
    this.#connection.onDataChannel(fromNative((channel) => this.#take(channel)));
  }

  offer(): void {
    this.#take(this.#connection.createDataChannel("tube", {}));
  }

  receive(signal: PeerSignal): void {
    if (this.#settled) return;
    try {
      if (signal.kind === "description") {
        this.#connection.setRemoteDescription(signal.sdp, signal.type);
        this.#hasRemoteDescription = true;
        for (const candidate of this.#earlyCandidates.splice(0)) this.receive(candidate);
      } else if (!this.#hasRemoteDescription) this.#earlyCandidates.push(signal);
      else if (signal.candidate !== "" && this.#mayUse(signal.candidate))
        this.#connection.addRemoteCandidate(signal.candidate, signal.mid);
    } catch (error) {
      this.#fail(
        new AttemptError("signalling", "The other end sent a description that cannot be used.", { cause: error }),
      );
    }
  }

  noWay(): AttemptError {
    return noWayError({ iceServers: this.#iceServers, hasRelay: this.#hasRelay, relayOnly: this.#relayOnly });
  }

  close(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    setImmediate(() => this.#connection.close());
  }

  /** The library keeps its own addresses back, and would still send from them to any that it is told. */
  #mayUse(candidate: string): boolean {
    return !this.#relayOnly || isRelayed(candidate);
  }

  #take(channel: DataChannel): void {
    this.#channel ??= channel;
    if (this.#channel !== channel) {
      channel.close();
      return;
    }
    if (channel.isOpen()) this.#open(channel);
    else channel.onOpen(fromNative(() => this.#open(channel)));
  }

  #open(channel: DataChannel): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#opened.emit(new DataChannelTransport(channel, this.#connection));
    this.#release();
  }

  #gathered(): void {
    if (this.#relayOnly && !this.#hasRelay) this.#fail(this.noWay());
  }

  #stateChanged(state: string): void {
    if (state === "failed") this.#fail(this.noWay());
    else if (state === "closed") this.#fail(new AttemptError("data-channel", "The peer connection closed early."));
  }

  #fail(error: AttemptError): void {
    if (this.#settled) return;
    this.#failures.emit(error);
    this.close();
  }

  #release(): void {
    this.#signals.close();
    this.#opened.close();
    this.#failures.close();
    this.#earlyCandidates = [];
  }
}

function isRelayed(candidate: string): boolean {
  return candidate.includes(" typ relay");
}
