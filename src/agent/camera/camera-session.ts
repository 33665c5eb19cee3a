import type { Logger } from "pino";
import { type Closable, Emitter, type Event, ProtocolError, Scope } from "../../base/index.ts";
import { type Link, monotonicUs } from "../../node/index.ts";
import {
  type AgentCommand,
  type AgentMessage,
  type Camera,
  closeCodeOf,
  decodeAck,
  MessageType,
  messageType,
  PROTOCOL_VERSION,
  parseAgentCommand,
  stampSendDelay,
} from "../../protocol/index.ts";
import type { CaptureThread } from "./camera-thread.ts";
import { probeSource } from "./probe-source.ts";
import { type KeeperClock, SourceKeeper } from "./source-keeper.ts";
import type { CameraThreadReport } from "./thread-messages.ts";

/** The key of a camera agent's only source. */
const SOURCE_KEY = "camera";
/** What the thread gets to release everything before the process ends without it. */
const STOP_TIMEOUT_MS = 2000;

/** How a session ended: the reason, and the exit code that its process should have. */
export type CameraSessionEnd = { readonly reason: string; readonly exitCode: number };

export type CameraSessionOptions = {
  readonly link: Link;
  readonly version: string;
  readonly log: Logger;
  /** The thread that captures, of which the session takes ownership. */
  readonly thread: CaptureThread;
  readonly clock?: KeeperClock;
};

/**
 * A camera's agent: waits on its link until the hub says which camera it is, then opens the source and serves it until
 * the link closes. It is one camera's only, once.
 */
export class CameraSession implements Closable {
  readonly #options: CameraSessionOptions;
  readonly #link: Link;
  readonly #thread: CaptureThread;
  readonly #clock: KeeperClock;
  readonly #scope = new Scope();
  readonly #ended = new Emitter<CameraSessionEnd>();
  readonly onEnd: Event<CameraSessionEnd> = this.#ended.event;
  #welcomed = false;
  #camera: Camera | undefined;
  #keeper: SourceKeeper | undefined;
  /** What the hub was told last of the source. */
  #announced = "";
  #number: number | undefined;
  #closing: Promise<boolean> | undefined;

  constructor(options: CameraSessionOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#thread = options.thread;
    this.#clock = options.clock ?? { nowUs: monotonicUs, random: Math.random };
    this.#scope.defer(this.#link.onMessage((message) => this.#receive(message)));
    this.#scope.defer(
      this.#link.onClose(({ reason }) => this.#end({ reason: reason || "The hub closed the link.", exitCode: 0 })),
    );
    this.#scope.defer(this.#thread.onDied((reason) => this.#endStuck(reason)));
    this.#send({ type: "hello", protocol: PROTOCOL_VERSION, name: "camera", version: options.version });
  }

  /** Ends the session. Idempotent; {@link stopped} tells when everything is released. */
  close(): void {
    this.#closing ??= this.#stop();
  }

  /**
   * Resolves when the source and its thread are released, or the time for it is over: then with false. A thread hangs, and
   * the process has to kill itself, for an ordinary exit would wait for it.
   */
  async stopped(): Promise<boolean> {
    return (await this.#closing) ?? true;
  }

  async #stop(): Promise<boolean> {
    this.#scope.close();
    this.#keeper?.close();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), STOP_TIMEOUT_MS);
    });
    const released = await Promise.race([this.#thread.stop().then(() => true), late]);
    clearTimeout(timer);
    this.#killChild();
    this.#link.close();
    return released;
  }

  #end(end: CameraSessionEnd): void {
    if (this.#closing !== undefined) return;
    this.close();
    this.#ended.emit(end);
  }

  /** The source hangs in a call that nothing can interrupt: nothing but the end of the process helps. */
  #endStuck(reason: string): void {
    if (this.#closing !== undefined) return;
    this.#options.log.error(reason);
    this.#scope.close();
    this.#keeper?.close();
    this.#killChild();
    this.#closing = Promise.resolve(false);
    this.#link.close();
    this.#ended.emit({ reason, exitCode: 1 });
  }

  #killChild(): void {
    const pid = this.#keeper?.childPid ?? 0;
    if (pid === 0) return;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
  }

  #send(message: AgentMessage): void {
    this.#link.send(JSON.stringify(message));
  }

  #receive(message: string | Uint8Array): void {
    try {
      if (typeof message === "string") this.#handle(parseAgentCommand(message));
      else this.#handleBinary(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.log.error({ code: error.code }, `The hub sent a bad message: ${error.message}`);
      this.#link.close(closeCodeOf(error.code), error.message);
      this.#end({ reason: error.message, exitCode: 1 });
    }
  }

  #handleBinary(message: Uint8Array): void {
    // Cameras take no input; a viewer that sends some has been told so by the source.
    if (messageType(message) !== MessageType.ack) return;
    const { stage, rung, sequence } = decodeAck(message);
    if (stage === "accepted") this.#thread.send({ type: "ack", rung, sequence });
  }

  #handle(command: AgentCommand): void {
    if (!this.#welcomed && command.type !== "welcome" && command.type !== "refused") {
      throw new ProtocolError("wrong-state", `The hub sent "${command.type}" before its welcome.`);
    }
    switch (command.type) {
      case "welcome":
        this.#welcome(command.protocol);
        break;
      case "camera":
        this.#begin(command);
        break;
      case "camera-settings":
        this.#configure(command.camera);
        break;
      case "numbered":
        this.#number = command.sources[SOURCE_KEY];
        break;
      case "open-rung":
        this.#openRung(command);
        break;
      case "close-rung":
      case "keyframe":
      case "credits":
      case "budget":
      case "motion-view":
        if (this.#camera !== undefined) this.#thread.send(command);
        break;
      case "ping":
        this.#send({ type: "pong", timeUs: command.timeUs, agentUs: monotonicUs() });
        break;
      case "refused":
        this.#end({ reason: `The hub refused this agent: ${command.reason}`, exitCode: 1 });
        break;
      // A camera has no keyboard, no clipboard and no tunnels.
      case "text":
      case "release-input":
      case "clipboard":
      case "tube":
        break;
    }
  }

  #welcome(protocol: number): void {
    if (protocol !== PROTOCOL_VERSION) {
      throw new ProtocolError(
        "unsupported-version",
        `The hub speaks protocol ${protocol}, this agent ${PROTOCOL_VERSION}: install the same version on both.`,
      );
    }
    this.#welcomed = true;
  }

  #begin({ camera, credentials, probe }: Extract<AgentCommand, { type: "camera" }>): void {
    if (this.#camera !== undefined) {
      throw new ProtocolError("wrong-state", "The hub made this agent a camera's a second time.");
    }
    this.#camera = camera;
    const thread = this.#thread;
    thread.send({ type: "camera", camera, credentials });
    const keeper = new SourceKeeper(thread, camera, this.#clock);
    this.#keeper = keeper;
    this.#scope.defer(keeper.onStuck((reason) => this.#endStuck(reason)));
    if (probe) {
      void probeSource(keeper).then((result) => this.#send({ type: "probed", ...result }));
    } else {
      this.#scope.defer(thread.onReport((report) => this.#forward(report)));
      this.#scope.defer(keeper.onReport((report) => this.#send({ type: "camera", report })));
    }
    keeper.start();
  }

  #configure(camera: Camera): void {
    if (this.#camera === undefined) return;
    this.#camera = { ...this.#camera, name: camera.name, groups: camera.groups, motion: camera.motion };
    this.#thread.send({ type: "motion-settings", settings: camera.motion });
    this.#announce();
  }

  #openRung(command: Extract<AgentCommand, { type: "open-rung" }>): void {
    const { rung, source, codec, settings, credits, budget } = command;
    if (source !== this.#number) {
      this.#send({ type: "rung-failed", rung, reason: `Source ${source} does not exist (any more).` });
      return;
    }
    this.#thread.send({ type: "open-rung", request: { rung, codec, settings, credits, budget } });
  }

  #forward(report: CameraThreadReport): void {
    switch (report.type) {
      case "opened":
        this.#announce();
        break;
      case "picture":
        stampSendDelay(report.message, monotonicUs() - report.encodedUs);
        this.#link.send(report.message);
        break;
      case "rung":
      case "rung-failed":
      case "performance":
      case "motion":
      case "motion-view":
      case "notice":
        this.#send(report);
        break;
    }
  }

  /** Tells the source, once its size is known and when something about it has changed. */
  #announce(): void {
    const delivery = this.#keeper?.delivery;
    const camera = this.#camera;
    if (delivery === undefined || camera === undefined) return;
    const source = {
      key: SOURCE_KEY,
      name: camera.name,
      kind: "camera" as const,
      width: delivery.width,
      height: delivery.height,
      x: 0,
      y: 0,
      primary: true,
      input: false,
      clipboard: false,
      backend: delivery.engine,
      backendReason: delivery.engineReason,
    };
    const text = JSON.stringify(source);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#send({ type: "sources", sources: [source] });
  }
}
