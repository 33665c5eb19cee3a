import type { Logger } from "pino";
import { type Closable, Emitter, type Event } from "../base/index.ts";
import { monotonicUs } from "../node/index.ts";
import { type AgentMessage, encodeCursor, type RungBudget, stampSendDelay } from "../protocol/index.ts";
import type { CaptureBackend, Monitor } from "./capture/capturer.ts";
import type { InputMark } from "./screen/input-mark.ts";
import { ScreenThread } from "./screen/screen-thread.ts";
import type { RungRequest, ScreenReport } from "./screen/thread-messages.ts";

/** How the threads capture and encode. */
export type ScreenRungsOptions = {
  readonly display: string | undefined;
  readonly backend: "auto" | CaptureBackend;
  readonly encoder: string | undefined;
  /** Picture at which the first encoder fails; never when left out. */
  readonly encoderFault?: number | undefined;
  readonly log: Logger;
};

type OpenScreen = {
  readonly thread: ScreenThread;
  readonly source: number;
  monitor: Monitor;
  readonly rungs: Set<number>;
};

/** The rungs of all monitors of a display. A monitor has a thread exactly while it has rungs. */
export class ScreenRungs implements Closable {
  readonly #options: ScreenRungsOptions;
  readonly #inputMark: InputMark;
  readonly #send: (message: string | Uint8Array) => void;
  readonly #screens = new Map<string, OpenScreen>();
  readonly #failed = new Emitter<string>();

  /** A thread can no longer capture; the agent has to be started anew. */
  readonly onFailed: Event<string> = this.#failed.event;

  constructor(options: ScreenRungsOptions, inputMark: InputMark, send: (message: string | Uint8Array) => void) {
    this.#options = options;
    this.#inputMark = inputMark;
    this.#send = send;
  }

  open(source: number, monitor: Monitor, request: RungRequest): void {
    const screen = this.#screens.get(monitor.key) ?? this.#start(source, monitor);
    screen.rungs.add(request.rung);
    screen.thread.send({ type: "open", request });
  }

  close(rung?: number): void {
    for (const [key, screen] of this.#screens) {
      if (rung !== undefined && !screen.rungs.has(rung)) continue;
      if (rung === undefined) screen.rungs.clear();
      else screen.rungs.delete(rung);
      if (screen.rungs.size === 0) this.#stop(key, screen);
      else if (rung !== undefined) screen.thread.send({ type: "close", rung });
    }
  }

  ack(rung: number, sequence: number): void {
    this.#screenOf(rung)?.thread.send({ type: "ack", rung, sequence });
  }

  requestKeyframe(rung: number): void {
    this.#screenOf(rung)?.thread.send({ type: "keyframe", rung });
  }

  setCredits(rung: number, credits: number): void {
    this.#screenOf(rung)?.thread.send({ type: "credits", rung, credits });
  }

  setBudget(rung: number, budget: RungBudget): void {
    this.#screenOf(rung)?.thread.send({ type: "budget", rung, budget });
  }

  /** Follows hot-plug: a monitor that moved or changed its size is reopened, the rungs of one that is gone fail. */
  updateMonitors(monitors: readonly Monitor[]): void {
    for (const [key, screen] of this.#screens) {
      const monitor = monitors.find((candidate) => candidate.key === key);
      if (monitor === undefined) {
        for (const rung of screen.rungs) this.#say({ type: "rung-failed", rung, reason: "The monitor was removed." });
        this.#stop(key, screen);
      } else if (!sameGeometry(monitor, screen.monitor)) {
        screen.monitor = monitor;
        screen.thread.send({ type: "monitor", monitor });
      }
    }
  }

  #screenOf(rung: number): OpenScreen | undefined {
    for (const screen of this.#screens.values()) if (screen.rungs.has(rung)) return screen;
    return undefined;
  }

  #start(source: number, monitor: Monitor): OpenScreen {
    const { display, backend, encoder, encoderFault } = this.#options;
    const inputMark = this.#inputMark.memory;
    const thread = new ScreenThread({ display, monitor, backend, encoder, encoderFault, inputMark });
    const screen = { thread, source, monitor, rungs: new Set<number>() };
    thread.onReport((report) => this.#handle(screen, report));
    this.#screens.set(monitor.key, screen);
    return screen;
  }

  #stop(key: string, screen: OpenScreen): void {
    this.#screens.delete(key);
    screen.thread.close();
  }

  #say(message: AgentMessage): void {
    this.#send(JSON.stringify(message));
  }

  #handle(screen: OpenScreen, report: ScreenReport): void {
    switch (report.type) {
      case "picture":
        stampSendDelay(report.message, monotonicUs() - report.encodedUs);
        this.#send(report.message);
        break;
      case "cursor":
        this.#send(encodeCursor({ source: screen.source, visible: report.shape.width > 0, ...report.shape }));
        break;
      case "rung-failed":
        screen.rungs.delete(report.rung);
        this.#say(report);
        break;
      case "failed":
        this.#failed.emit(report.reason);
        break;
      case "notice":
        this.#options.log.warn(report.text);
        this.#say(report);
        break;
      default:
        this.#say(report);
    }
  }
}

function sameGeometry(a: Monitor, b: Monitor): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
