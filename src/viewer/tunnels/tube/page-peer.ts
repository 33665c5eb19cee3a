import { Emitter } from "../../../base/index.ts";
import type { TubeSignal } from "../../../protocol/index.ts";
import { AttemptError, noWayError, type TubePeer, type TubeTransport } from "../../../tube/core/index.ts";
import { DataChannelTransport } from "./data-channel-transport.ts";
import { iceServerOf } from "./ice-servers.ts";

type PeerSignal = Extract<TubeSignal, { kind: "description" | "candidate" }>;

/** The browser's peer connection with its one data channel, until that is open. It always begins. */
export class PagePeer implements TubePeer {
  readonly #connection: RTCPeerConnection;
  readonly #signals = new Emitter<PeerSignal>();
  readonly #opened = new Emitter<TubeTransport>();
  readonly #failures = new Emitter<AttemptError>();
  readonly onSignal = this.#signals.event;
  readonly onOpen = this.#opened.event;
  readonly onFailed = this.#failures.event;
  #settled = false;
  #earlyCandidates: RTCIceCandidateInit[] | undefined = [];
  readonly #iceServers: readonly string[];
  readonly #relayOnly: boolean;
  #hasRelay = false;
  #turnAnswer: string | undefined;

  /**
   * `iceServers` as the hub names them. With `relayOnly` everything goes through a TURN server. Throws where the browser
   * has no WebRTC.
   */
  constructor(iceServers: readonly string[], relayOnly: boolean) {
    this.#iceServers = iceServers;
    this.#relayOnly = relayOnly;
    const iceTransportPolicy = relayOnly ? "relay" : "all";
    this.#connection = new RTCPeerConnection({ iceServers: iceServers.map(iceServerOf), iceTransportPolicy });
    this.#connection.onicecandidateerror = ({ errorCode, errorText, url }) => {
      if (/^turns?:/.test(url)) this.#turnAnswer = `${errorCode} ${errorText}`.trim();
    };
    this.#connection.onicegatheringstatechange = () => {
      // Otherwise only time would tell.
      if (this.#connection.iceGatheringState === "complete" && relayOnly && !this.#hasRelay) this.#giveUp();
    };
    this.#connection.onicecandidate = ({ candidate }) => {
      const { candidate: text = "", sdpMid } = candidate ?? {};
      this.#hasRelay ||= candidate?.type === "relay";
      this.#signals.emit({ kind: "candidate", candidate: text, mid: sdpMid ?? "0" });
    };
    this.#connection.onconnectionstatechange = () => {
      if (this.#connection.connectionState === "failed") this.#giveUp();
    };
  }

  offer(): void {
    const channel = this.#connection.createDataChannel("tube");
    channel.onopen = () => this.#open(channel);
    void this.#offer();
  }

  receive(signal: PeerSignal): void {
    if (!this.#settled) void this.#receive(signal);
  }

  noWay(): AttemptError {
    return noWayError({
      ...{ iceServers: this.#iceServers, hasRelay: this.#hasRelay },
      ...{ relayOnly: this.#relayOnly, answer: this.#turnAnswer },
    });
  }

  close(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#connection.close();
    this.#release();
  }

  async #offer(): Promise<void> {
    try {
      await this.#connection.setLocalDescription();
      const { sdp = "" } = this.#connection.localDescription ?? {};
      this.#signals.emit({ kind: "description", type: "offer", sdp });
    } catch (cause) {
      this.#fail(new AttemptError("signalling", "This browser could make no offer.", { cause }));
    }
  }

  async #receive(signal: PeerSignal): Promise<void> {
    try {
      if (signal.kind === "candidate") {
        const candidate = { candidate: signal.candidate, sdpMid: signal.mid };
        if (this.#earlyCandidates !== undefined) this.#earlyCandidates.push(candidate);
        else if (signal.candidate !== "") await this.#connection.addIceCandidate(candidate);
        return;
      }
      await this.#connection.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      const early = this.#earlyCandidates ?? [];
      this.#earlyCandidates = undefined;
      for (const candidate of early) await this.#connection.addIceCandidate(candidate);
    } catch (cause) {
      const text = "The other end sent a description that cannot be used.";
      this.#fail(new AttemptError("signalling", text, { cause }));
    }
  }

  #open(channel: RTCDataChannel): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#opened.emit(new DataChannelTransport(channel, this.#connection, describe(this.#connection)));
    this.#release();
  }

  #giveUp(): void {
    this.#fail(this.noWay());
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
  }
}

/** The addresses in use, which browsers tell without a promise only here; some hide their own. */
function describe({ sctp }: RTCPeerConnection): string {
  const pair = sctp?.transport.iceTransport.getSelectedCandidatePair?.();
  if (pair?.local == null || pair.remote == null) return "from browser to agent";
  const isRelayed = pair.local.type === "relay" || pair.remote.type === "relay";
  return `${addressOf(pair.local)} to ${addressOf(pair.remote)}${isRelayed ? " through TURN" : ""}`;
}

function addressOf({ address, port }: RTCIceCandidate): string {
  if (address === null || address.endsWith(".local")) return "this browser";
  return `${address.includes(":") ? `[${address.replace(/^\[|\]$/g, "")}]` : address}:${port}`;
}
