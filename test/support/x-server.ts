import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

/** An X server of a test, on a display number that it chose itself. */
export type XServer = {
  /** ":12" */
  readonly display: string;
  readonly process: ChildProcess;
  /** Ends the server and waits until it is gone. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

export type XServerOptions = {
  /** Xvnc can resize its screen while it runs; Xvfb cannot. */
  readonly kind?: "xvfb" | "xvnc";
  readonly width?: number;
  readonly height?: number;
  readonly depth?: number;
};

/** Starts a virtual X server without access control on its local socket. */
export async function startXServer(options: XServerOptions = {}): Promise<XServer> {
  const { kind = "xvfb", width = 640, height = 480, depth = 24 } = options;
  // The server stays as it is when its last client leaves.
  const shared = ["-displayfd", "3", "-nolisten", "tcp", "-noreset", "-ac"];
  const [command, args] =
    kind === "xvfb"
      ? ["Xvfb", [...shared, "-screen", "0", `${width}x${height}x${depth}`]]
      : ["Xtigervnc", [...shared, "-geometry", `${width}x${height}`, "-depth", `${depth}`, "-rfbport", "-1"]];
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  const number = await new Promise<string>((resolve, reject) => {
    let text = "";
    (child.stdio[3] as Readable).on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.trim());
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}: ${log}`)));
  });
  return {
    display: `:${number}`,
    process: child,
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
