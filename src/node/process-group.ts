import type { ChildProcess } from "node:child_process";

/** Sends a signal to a child started with `detached: true` and to everything that it started. */
export function signalProcessGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: the whole group has already ended.
  }
}
