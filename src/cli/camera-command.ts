import { Socket } from "node:net";
import { CameraSession, type CameraSessionEnd, CameraThread } from "../agent/camera/index.ts";
import { PipeLink } from "../node/index.ts";
import { aborted, type CommandContext } from "./command-context.ts";
import { version } from "./version.ts";

/** The pipe to the hub that started this agent. */
const PIPE_FD = 3;

/** A camera's agent that a hub started: waits for its camera and serves it. Resolves with the exit code. */
export async function runCamera({ log, signal }: CommandContext): Promise<number> {
  const link = new PipeLink(new Socket({ fd: PIPE_FD, readable: true, writable: true }), { peer: "hub" });
  const session = new CameraSession({ link, version, log, thread: new CameraThread() });
  const ended = new Promise<CameraSessionEnd>((resolve) => session.onEnd(resolve));
  const told = aborted(signal).then((): CameraSessionEnd => ({ reason: "It was told to end.", exitCode: 0 }));
  const { reason, exitCode } = await Promise.race([ended, told]);
  session.close();
  const released = await session.stopped();
  if (exitCode !== 0) process.stderr.write(`${reason}\n`);
  if (!released) process.kill(process.pid, "SIGKILL");
  return exitCode;
}
