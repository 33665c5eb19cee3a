import type { Logger } from "pino";
import { ProtocolError } from "../../base/index.ts";
import { type Link, type LinkClose, PipeLink, type ProcessCommand, ProcessRun } from "../../node/index.ts";
import { type AgentCommand, type AgentMessage, CloseCode } from "../../protocol/index.ts";
import { AgentSession } from "../agents/index.ts";
import { serveLink } from "../serve-link.ts";

/** What the agent of a camera says, besides greetings. */
export type CameraMessage = Exclude<
  AgentMessage,
  { type: "hello" } | { type: "pong" } | { type: "clipboard" } | { type: "tube" }
>;

/** Who a worker works for. Each call may throw {@link ProtocolError}, which ends the worker. */
export type WorkerListener = {
  message(message: CameraMessage): void;
  picture(message: Uint8Array): void;
  /** It has ended by itself; nothing follows. `reason` is for people. */
  ended(reason: string): void;
};

/** The agent of one camera, or one that waits to become it: a process of the hub, or a page that publishes its camera. */
export type CameraWorker = {
  readonly pid: number | undefined;
  /** Its clock minus the hub's, microseconds. */
  readonly clockOffsetUs: number;
  command(command: AgentCommand): void;
  /** Sends a binary message as it is. */
  deliver(message: Uint8Array): void;
  /** Says who it works for from now on. */
  serve(listener: WorkerListener): void;
  /** Ends it for good; its listener hears no more. Idempotent. */
  close(): void;
  /** Nothing of it is left. */
  readonly gone: Promise<void>;
};

/** What becomes of a worker that is being started: one of the two is called, once. */
export type LaunchListener = {
  ready(worker: CameraWorker): void;
  failed(reason: string): void;
};

/** Starts a worker. Closing the result before it is ready ends it without a word. */
export type LaunchWorker = (listener: LaunchListener) => CameraWorker;

/** What every worker of a hub needs. */
export type WorkerOptions = {
  readonly log: Logger;
  readonly helloMs: number;
  readonly clockPingMs: number;
  /** Gives the number of the next connection. */
  readonly nextId: () => number;
};

/** Starts a process that waits to become a camera. */
export function processLauncher(command: ProcessCommand, options: WorkerOptions): LaunchWorker {
  return (listener) => {
    const run = new ProcessRun(command, {
      onLine: (line) => options.log.debug({ pid: run.pid }, line),
      onEnd: ({ reason, lastLines }) => worker.exited(reason, lastLines),
    });
    const worker: LinkedWorker = new LinkedWorker(listener, { ...options, run });
    if (run.pipe !== undefined) worker.serveLink(new PipeLink(run.pipe, { peer: `pid ${run.pid}` }));
    return worker;
  };
}

/** Takes the link of a page that publishes its camera. */
export function linkedWorker(link: Link, listener: LaunchListener, options: WorkerOptions): CameraWorker {
  const worker = new LinkedWorker(listener, { ...options, run: undefined });
  worker.serveLink(link);
  return worker;
}

class LinkedWorker implements CameraWorker {
  readonly gone: Promise<void>;
  readonly #options: WorkerOptions & { readonly run: ProcessRun | undefined };
  readonly #launch: LaunchListener;
  #session: AgentSession | undefined;
  #listener: WorkerListener | undefined;
  #state: "starting" | "running" | "ended" = "starting";
  #leave: () => void = () => {};

  constructor(launch: LaunchListener, options: WorkerOptions & { readonly run: ProcessRun | undefined }) {
    this.#launch = launch;
    this.#options = options;
    this.gone = options.run?.ended ?? new Promise((resolve) => (this.#leave = resolve));
  }

  get pid(): number | undefined {
    return this.#options.run?.pid;
  }

  get clockOffsetUs(): number {
    return this.#session?.clockOffsetUs ?? 0;
  }

  command(command: AgentCommand): void {
    this.#session?.command(command);
  }

  deliver(message: Uint8Array): void {
    this.#session?.deliver(message);
  }

  serve(listener: WorkerListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.#state = "ended";
    this.#session?.close(CloseCode.goingAway, "This camera is not needed any more.");
    this.#options.run?.end();
  }

  serveLink(link: Link): void {
    const { log, helloMs, clockPingMs, nextId } = this.#options;
    const session = new AgentSession(link, {
      id: nextId(),
      credential: "camera",
      clockPingMs,
      listener: this.#hears(),
    });
    this.#session = session;
    link.onClose((close) => this.#linkClosed(close));
    serveLink(link, session, { log, helloMs, greeted: () => session.greeted });
  }

  exited(reason: string, lastLines: readonly string[]): void {
    if (this.#state === "ended") return;
    this.#options.log.warn({ lastLines }, `A camera's process ${reason}`);
    this.#end(`The camera's process ${reason}.`);
  }

  #linkClosed({ remote, reason }: LinkClose): void {
    const { run } = this.#options;
    run?.end();
    // The end of a process says more than that of its link, but one that hangs is not waited for.
    if (run === undefined) this.#end("The page no longer publishes its camera.");
    else if (!remote) this.#end(reason);
    this.#leave();
  }

  #end(reason: string): void {
    if (this.#state === "ended") return;
    const wasStarting = this.#state === "starting";
    this.#state = "ended";
    if (wasStarting) this.#launch.failed(reason);
    else this.#listener?.ended(reason);
  }

  #hears(): ConstructorParameters<typeof AgentSession>[1]["listener"] {
    const take = (_agent: AgentSession, message: CameraMessage): void => {
      if (this.#state === "running") this.#listener?.message(message);
    };
    const refuse = (): never => {
      throw new ProtocolError("wrong-state", "A camera has no cursor, no clipboard and no tubes.");
    };
    return {
      admit: () => {
        // After the welcome, which the session sends when this has returned.
        queueMicrotask(() => {
          if (this.#state !== "starting") return;
          this.#state = "running";
          this.#launch.ready(this);
        });
        return undefined;
      },
      ...{ sources: take, rung: take, notice: take, camera: take },
      ...{ cursor: refuse, clipboard: refuse, tube: refuse },
      picture: (_agent, message) => {
        if (this.#state === "running") this.#listener?.picture(message);
      },
      ended: () => {},
    };
  }
}
