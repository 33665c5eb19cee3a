import { existsSync, readFileSync, rmSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { Emitter, EnvironmentError, type Event } from "../../base/index.ts";
import { SupervisedProcess } from "../../node/index.ts";
import { findProgram } from "../find-program.ts";

const FIRST_DISPLAY = 90;
const LAST_DISPLAY = 189;
const READY_TIMEOUT_MS = 15_000;

/** What a virtual X server needs: its size ("1920x1080"), the file with its cookie, who logs, when to give up. */
export type XServerOptions = {
  readonly size: string;
  readonly authorityFile: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/** A running virtual X server, restarted on the same display when it dies. */
export type XServer = {
  /** ":90" */
  readonly display: string;
  /** The server died and is ready again, without any of its clients. */
  readonly onRestarted: Event<void>;
  /** Resolves when the server is gone, and its lock and socket with it. */
  close(): Promise<void>;
};

/**
 * Starts Xvfb on the first free display. Throws `EnvironmentError` where it is not installed or does not start, and the
 * signal's reason when that is aborted meanwhile; nothing stays behind then.
 */
export async function startXServer(options: XServerOptions): Promise<XServer> {
  if (findProgram("Xvfb") === undefined) {
    throw new EnvironmentError(
      "There is no display here, and no Xvfb to make a virtual one.",
      "Install it (Debian, Ubuntu: apt-get install xvfb openbox xterm hsetroot x11-apps), or name a display with --display :0.",
    );
  }
  let reason = "every display number is taken";
  for (let number = FIRST_DISPLAY; number <= LAST_DISPLAY; number += 1) {
    if (existsSync(lockFile(number)) || existsSync(socketFile(number))) continue;
    const attempt = await startOn(number, options);
    if (typeof attempt !== "string") return attempt;
    reason = attempt;
    // Somebody else took the number since it was looked at; anything else would fail with the next number too.
    if (!/already (active|running)|could not be established|lock/i.test(reason)) break;
  }
  throw new EnvironmentError(`Xvfb does not start: ${reason}.`, "Try it in a terminal: Xvfb :90");
}

/** Starts the server on one display; resolves with the reason as text when it ends instead of getting ready. */
async function startOn(number: number, options: XServerOptions): Promise<XServer | string> {
  const restarted = new Emitter<void>();
  let settle: (result: "ready" | string) => void = () => {};
  const first = new Promise<string>((resolve) => {
    settle = resolve;
  });
  let isReady = false;
  const server = new SupervisedProcess(commandOn(number, options), {
    onStart: (pid, pipe) => {
      options.log.debug({ pid, display: `:${number}` }, "Xvfb started");
      waitForDisplayNumber(pipe, () => {
        if (isReady) restarted.emit();
        isReady = true;
        settle("ready");
      });
    },
    onEnd: ({ reason, retryInMs }) => {
      settle(reason);
      if (isReady) options.log.warn(`The virtual desktop's X server ${reason}; it starts again in ${retryInMs} ms.`);
    },
    onLine: (line) => options.log.debug(`Xvfb: ${line}`),
  });
  const timer = setTimeout(() => settle(`it was not ready within ${READY_TIMEOUT_MS} ms`), READY_TIMEOUT_MS);
  const abort = (): void => settle("aborted");
  options.signal.addEventListener("abort", abort, { once: true });
  const result = options.signal.aborted ? "aborted" : await first;
  clearTimeout(timer);
  options.signal.removeEventListener("abort", abort);
  const close = async (): Promise<void> => {
    restarted.close();
    const pid = server.pid;
    await server.close();
    removeLeftovers(number, pid);
  };
  if (result === "ready") return { display: `:${number}`, onRestarted: restarted.event, close };
  await close();
  options.signal.throwIfAborted();
  return result;
}

function commandOn(number: number, options: XServerOptions) {
  const xvfb = [
    ...["Xvfb", `:${number}`, "-displayfd", "3", "-screen", "0", `${options.size}x24`],
    ...["-auth", options.authorityFile, "-nolisten", "tcp", "-noreset"],
  ];
  // So that a desktop does not outlive a Sightline that was killed outright.
  const guarded = process.platform === "linux" && findProgram("setpriv") ? ["setpriv", "--pdeathsig", "TERM"] : [];
  const [command, ...args] = [...guarded, ...xvfb];
  return { command: command as string, args, env: { ...process.env } };
}

/** Xvfb writes its display number and a line end when clients can connect. */
function waitForDisplayNumber(pipe: Duplex, ready: () => void): void {
  pipe.on("error", () => {});
  pipe.on("data", (bytes: Buffer) => {
    if (bytes.includes("\n")) ready();
  });
}

/** A server that had to be killed leaves its lock and socket; they are removed when they are its own. */
function removeLeftovers(number: number, pid: number | undefined): void {
  if (pid === undefined || !existsSync(lockFile(number))) return;
  if (Number(readFileSync(lockFile(number), "utf8")) !== pid) return;
  rmSync(socketFile(number), { force: true });
  rmSync(lockFile(number), { force: true });
}

function lockFile(number: number): string {
  return `/tmp/.X${number}-lock`;
}

function socketFile(number: number): string {
  return `/tmp/.X11-unix/X${number}`;
}
