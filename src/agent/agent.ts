import type { Logger } from "pino";
import { type Closable, Emitter, type Event, ProtocolError, Scope } from "../base/index.ts";
import { type Link, monotonicUs } from "../node/index.ts";
import {
  type AgentCommand,
  type AgentMessage,
  closeCodeOf,
  decodeAck,
  decodeInput,
  isInputType,
  MessageType,
  messageType,
  PROTOCOL_VERSION,
  parseAgentCommand,
  type TubeSignal,
} from "../protocol/index.ts";
import type { CaptureBackend, Monitor } from "./capture/capturer.ts";
import { openScreen, type Screen } from "./capture/index.ts";
import { Controls } from "./controls.ts";
import { ScreenRungs } from "./screen-rungs.ts";

/** Rate of backends that cannot be told of changes; rungs have limits of their own. */
const MAX_FPS = 120;

/** What an agent needs to offer one display to a hub. */
export type AgentOptions = {
  readonly link: Link;
  /** Names the agent at the hub, for people and in paths; stable across restarts. */
  readonly name: string;
  readonly version: string;
  /** X display such as ":0"; undefined for the platform's own screen. */
  readonly display: string | undefined;
  readonly backend: "auto" | CaptureBackend;
  /** Forces one encoder by its FFmpeg name. */
  readonly encoder: string | undefined;
  /** For testing the take-over by the next encoder: the picture at which the first one fails. */
  readonly encoderFault?: number | undefined;
  /** Hears of viewers who want a tube, and answers through `reply`; without it they are refused. */
  readonly tubes?: TubeHandler | undefined;
  readonly log: Logger;
};

/** What becomes of a viewer's attempt to open a tube; `linkEnded` when nothing more can be answered. */
export type TubeHandler = {
  receive(command: Extract<AgentCommand, { type: "tube" }>, reply: (signal: TubeSignal) => void): void;
  linkEnded(): void;
};

/**
 * Serves one display on a link until that closes or the display is lost. Each monitor is a source with a thread of its
 * own; input and clipboard are handled on this thread, so that they never wait for an encoder.
 */
export class Agent implements Closable {
  readonly #link: Link;
  readonly #log: Logger;
  readonly #scope = new Scope();
  readonly #ended = new Emitter<string>();
  readonly #screen: Screen;
  readonly #controls: Controls;
  readonly #rungs: ScreenRungs;
  readonly #tubes: TubeHandler | undefined;
  #monitorsBySource = new Map<number, Monitor>();
  readonly #problems: readonly string[];
  #welcomed = false;
  #closed = false;

  /** Fires once with the reason when the agent has ended by itself. */
  readonly onEnd: Event<string> = this.#ended.event;

  /** `problems` are told to the hub as notices once it has accepted the agent. */
  constructor(options: AgentOptions, screen: Screen, controls: Controls, problems: readonly string[]) {
    this.#link = options.link;
    this.#log = options.log;
    this.#problems = problems;
    this.#tubes = options.tubes;
    this.#scope.defer(() => this.#tubes?.linkEnded());
    this.#screen = this.#scope.add(screen);
    this.#controls = this.#scope.add(controls);
    this.#rungs = this.#scope.add(new ScreenRungs(options, controls.inputMark, (message) => this.#link.send(message)));
    this.#scope.defer(this.#link.onMessage((message) => this.#receive(message)));
    this.#scope.defer(this.#link.onClose(({ reason }) => this.#end(reason || "The hub closed the link.")));
    this.#scope.defer(screen.onMonitors(() => this.#announceSources()));
    this.#scope.defer(screen.onFailed((reason) => this.#end(reason)));
    this.#scope.defer(this.#rungs.onFailed((reason) => this.#end(reason)));
    this.#scope.defer(controls.onClipboard((text) => this.#send({ type: "clipboard", text })));
    this.#scope.defer(controls.onNotice((text) => this.#send({ type: "notice", level: "warning", text })));
    this.#send({ type: "hello", protocol: PROTOCOL_VERSION, name: options.name, version: options.version });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#scope.close();
    this.#link.close();
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#ended.emit(reason);
  }

  #send(message: AgentMessage): void {
    this.#link.send(JSON.stringify(message));
  }

  #receive(message: string | Uint8Array): void {
    try {
      if (typeof message === "string") this.#handleCommand(parseAgentCommand(message));
      else this.#handleBinary(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#log.error({ code: error.code }, `The hub sent a bad message: ${error.message}`);
      this.#link.close(closeCodeOf(error.code), error.message);
      this.#end(error.message);
    }
  }

  #handleBinary(message: Uint8Array): void {
    const type = messageType(message);
    if (type === MessageType.ack) {
      const ack = decodeAck(message);
      if (ack.stage === "accepted") this.#rungs.ack(ack.rung, ack.sequence);
      return;
    }
    if (!isInputType(type)) throw new ProtocolError("unknown-type", `The hub sent the message type ${type}.`);
    const input = decodeInput(message);
    const monitor = this.#monitorsBySource.get(input.source);
    if (monitor !== undefined) this.#controls.inject(input, monitor);
  }

  #handleCommand(command: AgentCommand): void {
    if (!this.#welcomed && command.type !== "welcome" && command.type !== "refused") {
      throw new ProtocolError("wrong-state", `The hub sent "${command.type}" before its welcome.`);
    }
    switch (command.type) {
      case "welcome":
        if (command.protocol !== PROTOCOL_VERSION) {
          throw new ProtocolError(
            "unsupported-version",
            `The hub speaks protocol ${command.protocol}, this agent ${PROTOCOL_VERSION}: install the same version on both.`,
          );
        }
        this.#welcomed = true;
        this.#announceSources();
        for (const text of this.#problems) this.#send({ type: "notice", level: "warning", text });
        break;
      case "numbered":
        this.#numberSources(command.sources);
        break;
      case "open-rung":
        this.#openRung(command);
        break;
      case "close-rung":
        this.#rungs.close(command.rung);
        break;
      case "keyframe":
        this.#rungs.requestKeyframe(command.rung);
        break;
      case "budget":
        this.#rungs.setBudget(command.rung, command.budget);
        break;
      case "credits":
        this.#rungs.setCredits(command.rung, command.credits);
        break;
      case "text":
        this.#controls.typeText(command);
        break;
      case "release-input":
        this.#controls.release(command.viewer);
        break;
      case "clipboard":
        this.#controls.writeClipboard(command.text);
        break;
      case "tube":
        this.#receiveTube(command);
        break;
      case "ping":
        this.#send({ type: "pong", timeUs: command.timeUs, agentUs: monotonicUs() });
        break;
      case "refused":
        this.#end(`The hub refused this agent: ${command.reason}`);
        break;
    }
  }

  #receiveTube(command: Extract<AgentCommand, { type: "tube" }>): void {
    const { viewer, tube } = command;
    const reply = (signal: TubeSignal): void => this.#send({ type: "tube", viewer, tube, signal });
    if (this.#tubes !== undefined) this.#tubes.receive(command, reply);
    else if (command.signal.kind === "request") {
      const reason = "This agent has no tunnels.";
      reply({ kind: "refused", code: "unsupported", reason, retryAfterMs: 0 });
    }
  }

  #announceSources(): void {
    if (!this.#welcomed) return;
    const { backend, reason } = this.#screen;
    const sources = this.#screen.monitors.map((monitor) => ({
      ...monitor,
      kind: "screen" as const,
      input: this.#controls.canInject,
      clipboard: this.#controls.hasClipboard,
      backend,
      backendReason: reason,
    }));
    this.#send({ type: "sources", sources });
    this.#rungs.updateMonitors(this.#screen.monitors);
  }

  #numberSources(numbers: Readonly<Record<string, number>>): void {
    const monitors = new Map(this.#screen.monitors.map((monitor) => [monitor.key, monitor]));
    this.#monitorsBySource = new Map();
    for (const [key, number] of Object.entries(numbers)) {
      const monitor = monitors.get(key);
      if (monitor !== undefined) this.#monitorsBySource.set(number, monitor);
    }
  }

  #openRung(command: Extract<AgentCommand, { type: "open-rung" }>): void {
    const monitor = this.#monitorsBySource.get(command.source);
    if (monitor === undefined) {
      const reason = `Source ${command.source} does not exist (any more).`;
      this.#send({ type: "rung-failed", rung: command.rung, reason });
      return;
    }
    const { rung, codec, settings, credits, budget, tiles = true } = command;
    this.#rungs.open(command.source, monitor, { rung, codec, settings, credits, budget, tiles });
  }
}

/**
 * Opens the display and starts to serve it. Throws `EnvironmentError` when the display cannot be captured at all; input
 * or a clipboard that is missing is told to the hub instead.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const screen = await openScreen({ display: options.display, backend: options.backend, maxFps: MAX_FPS });
  const problems: string[] = [];
  const controls = await Controls.open(options.display, (text) => {
    options.log.warn(text);
    problems.push(text);
  });
  return new Agent(options, screen, controls, problems);
}
