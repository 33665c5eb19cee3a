import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { vi } from "vitest";
import { startXServer, type XServer, type XServerOptions } from "./x-server.ts";

/** An X server with the window manager openbox; both end together. */
export async function startDesktop(options: XServerOptions = {}): Promise<XServer> {
  const server = await startXServer(options);
  const env = { ...process.env, DISPLAY: server.display };
  const manager = spawn("openbox", [], { env, stdio: "ignore" });
  const isThere = (): void => {
    const { stdout } = spawnSync("xprop", ["-root", "_NET_SUPPORTING_WM_CHECK"], { env, encoding: "utf8" });
    if (!stdout.includes("window id")) throw new Error("openbox does not manage the display yet.");
  };
  try {
    await vi.waitFor(isThere, { timeout: 15_000, interval: 100 });
  } catch (error) {
    await end(manager);
    await server.stop();
    throw error;
  }
  return {
    display: server.display,
    process: server.process,
    async stop(signal) {
      await end(manager);
      await server.stop(signal);
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
