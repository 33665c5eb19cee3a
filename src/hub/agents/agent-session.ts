import { ProtocolError } from "../../base/index.ts";
import { type Link, type LinkClose, monotonicUs } from "../../node/index.ts";
import {
  type AgentCommand,
  type AgentMessage,
  CloseCode,
  decodeCursor,
  isPictureType,
  MessageType,
  messageType,
  PROTOCOL_VERSION,
  parseAgentMessage,
} from "../../protocol/index.ts";
import { MAX_QUEUED_COMMAND_BYTES } from "../limits.ts";
import type { AgentPort } from "../ports.ts";
import type { LinkSession } from "../serve-link.ts";
import { AgentClock } from "./agent-clock.ts";

type Message<Type extends AgentMessage["type"]> = Extract<AgentMessage, { type: Type }>;

/** What happens to an agent's messages. Each may throw {@link ProtocolError}, which ends the agent's link. */
export type AgentListener = {
  /** Admits the agent under its name, or returns why not. */
  admit(agent: AgentSession): string | undefined;
  sources(agent: AgentSession, message: Message<"sources">): void;
  rung(agent: AgentSession, message: Message<"rung" | "rung-failed" | "performance">): void;
  picture(agent: AgentSession, message: Uint8Array): void;
  cursor(agent: AgentSession, message: Uint8Array, source: number): void;
  clipboard(agent: AgentSession, message: Message<"clipboard">): void;
  notice(agent: AgentSession, message: Message<"notice">): void;
  tube(agent: AgentSession, message: Message<"tube">): void;
  /** What only the agent of a camera says. */
  camera(agent: AgentSession, message: Message<"camera" | "probed" | "motion" | "motion-view">): void;
  /** The link of an admitted agent has ended. */
  ended(agent: AgentSession, close: LinkClose): void;
};

/** Agent names are part of paths, where a slash divides, and are read by people. */
const AGENT_NAME = /^[^/\p{C}]+$/u;

/** The first comparisons of clocks come quickly, so that one of them meets an idle link. */
const FIRST_PINGS = 4;
const FIRST_PING_MS = 100;

/** An agent that has said nothing for this many pings hangs; a local one is then started anew. */
const MAX_SILENT_PINGS = 3;

/** The hub's end of one agent's link: hello, then whatever the agent has to say. */
export class AgentSession implements AgentPort, LinkSession {
  /** Who may speak for the name: a local agent's own name, or the token of remote ones. */
  readonly credential: string;
  /** The hub's number of this connection. */
  readonly id: number;
  readonly #link: Link;
  readonly #listener: AgentListener;
  readonly #clockPingMs: number;
  readonly #clock = new AgentClock();
  #state: "new" | "admitted" | "refused" = "new";
  #name = "";
  #pings = 0;
  #silentPings = 0;
  #pingTimer: NodeJS.Timeout | undefined;

  constructor(link: Link, options: { id: number; credential: string; listener: AgentListener; clockPingMs: number }) {
    this.#link = link;
    this.id = options.id;
    this.credential = options.credential;
    this.#listener = options.listener;
    this.#clockPingMs = options.clockPingMs;
  }

  get name(): string {
    return this.#name;
  }

  get clockOffsetUs(): number {
    return this.#clock.offsetUs;
  }

  get greeted(): boolean {
    return this.#state !== "new";
  }

  command(command: AgentCommand): void {
    this.#link.send(JSON.stringify(command));
    this.#checkQueue();
  }

  deliver(message: Uint8Array): void {
    this.#link.send(message);
    this.#checkQueue();
  }

  /** Ends the link; `ended` follows. */
  close(code: number, reason: string): void {
    this.#link.close(code, reason);
  }

  drained(): void {}

  receiveControl(text: string): void {
    this.#silentPings = 0;
    const message = parseAgentMessage(text);
    if (message.type === "hello") this.#greet(message);
    else {
      this.#requireAdmitted(message.type);
      this.#dispatch(message);
    }
  }

  receiveBinary(message: Uint8Array): void {
    const type = messageType(message);
    this.#requireAdmitted(type);
    if (isPictureType(type)) this.#listener.picture(this, message);
    else if (type === MessageType.cursor) this.#listener.cursor(this, message, decodeCursor(message).source);
    else throw new ProtocolError("unknown-type", `An agent sent the message type ${type}.`);
  }

  ended(close: LinkClose): void {
    clearTimeout(this.#pingTimer);
    if (this.#state === "admitted") this.#listener.ended(this, close);
  }

  #greet(hello: Message<"hello">): void {
    if (this.#state !== "new") throw new ProtocolError("wrong-state", "An agent said hello twice.");
    if (hello.protocol !== PROTOCOL_VERSION) {
      const text = `The hub speaks protocol ${PROTOCOL_VERSION}, the agent ${hello.protocol}: install the same version.`;
      this.#refuse(text, CloseCode.unsupportedVersion);
      return;
    }
    if (!AGENT_NAME.test(hello.name))
      throw new ProtocolError("malformed", "An agent's name has a slash or is not text.");
    this.#name = hello.name;
    const refusal = this.#listener.admit(this);
    if (refusal !== undefined) {
      this.#refuse(refusal, CloseCode.unauthorized);
      return;
    }
    this.#state = "admitted";
    this.command({ type: "welcome", protocol: PROTOCOL_VERSION, agent: this.id });
    this.#ping();
  }

  #refuse(reason: string, code: number): void {
    this.#state = "refused";
    this.command({ type: "refused", reason });
    this.#link.close(code, reason);
  }

  #dispatch(message: Exclude<AgentMessage, { type: "hello" }>): void {
    switch (message.type) {
      case "sources":
        this.#listener.sources(this, message);
        break;
      case "rung":
      case "rung-failed":
      case "performance":
        this.#listener.rung(this, message);
        break;
      case "clipboard":
        this.#listener.clipboard(this, message);
        break;
      case "notice":
        this.#listener.notice(this, message);
        break;
      case "tube":
        this.#listener.tube(this, message);
        break;
      case "camera":
      case "probed":
      case "motion":
      case "motion-view":
        this.#listener.camera(this, message);
        break;
      case "pong":
        this.#clock.pong(message.timeUs, message.agentUs, monotonicUs());
        break;
    }
  }

  #requireAdmitted(type: string | number): void {
    if (this.#state !== "admitted") throw new ProtocolError("wrong-state", `An agent sent "${type}" before its hello.`);
  }

  #ping(): void {
    if (this.#silentPings >= MAX_SILENT_PINGS && this.#pings > FIRST_PINGS) {
      this.#link.close(CloseCode.tooSlow, "The agent no longer answers.");
      return;
    }
    this.#silentPings += 1;
    const timeUs = monotonicUs();
    this.#clock.pinged(timeUs);
    this.command({ type: "ping", timeUs });
    this.#pings += 1;
    this.#pingTimer = setTimeout(() => this.#ping(), this.#pings < FIRST_PINGS ? FIRST_PING_MS : this.#clockPingMs);
  }

  #checkQueue(): void {
    if (this.#link.bufferedBytes > MAX_QUEUED_COMMAND_BYTES) {
      this.#link.close(CloseCode.tooSlow, "The agent no longer takes commands.");
    }
  }
}
