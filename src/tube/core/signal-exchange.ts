import type { Event } from "../../base/index.ts";
import type { TubeSignal } from "../../protocol/index.ts";
import type { FailureKind } from "./circuit-breaker.ts";
import type { TubeTransport } from "./transport.ts";

/** One attempt's way to the other end, through the hub. */
export type SignalExchange = {
  send(signal: TubeSignal): void;
  readonly onSignal: Event<TubeSignal>;
  /** Forgets the attempt; signals that still arrive are dropped. Idempotent. */
  close(): void;
};

/** A peer connection with its one data channel, as both a browser's and Node's are wrapped. */
export type TubePeer = {
  /** Begins: makes the channel and the offer. The other end only receives. */
  offer(): void;
  /** Takes a description or a candidate of the other end; candidates may come before the description. */
  receive(signal: Extract<TubeSignal, { kind: "description" | "candidate" }>): void;
  /** Descriptions and candidates for the other end, as they are found. */
  readonly onSignal: Event<Extract<TubeSignal, { kind: "description" | "candidate" }>>;
  /** Fires once, with the open channel; closing that closes the peer connection. */
  readonly onOpen: Event<TubeTransport>;
  /** Why no way has been found so far, for when there is no more time. */
  noWay(): AttemptError;
  /** It cannot be connected; fires at most once, and not after `onOpen`. */
  readonly onFailed: Event<AttemptError>;
  /** Gives up before it is open. Idempotent. */
  close(): void;
};

/** An attempt to connect a tube failed. */
export class AttemptError extends Error {
  override readonly name = "AttemptError";
  readonly kind: FailureKind;
  /** What the other side said: give up, begin a new session, or ask again not before that many milliseconds. */
  readonly refusal: Extract<TubeSignal, { kind: "refused" }> | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { cause?: unknown; refusal?: Extract<TubeSignal, { kind: "refused" }> } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.refusal = options.refusal;
  }
}
