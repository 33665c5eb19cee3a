import { createServer } from "node:net";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { screen } from "./scene.ts";

/** An X server of the bench's own. */
export type XServer = { readonly pid: number; readonly display: string };

/** Starts Xvfb with the bench's screen on a free display. */
export function startXvfb(lifetime: Lifetime): Promise<XServer> {
  const { width, height } = screen;
  return startXServer(lifetime, "Xvfb", ["-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"]);
}

/** Starts TigerVNC's Xvnc with the bench's screen; it serves VNC on a loopback port. */
export async function startXvnc(lifetime: Lifetime, args: readonly string[]): Promise<XServer & { vncPort: number }> {
  const vncPort = await freePort();
  const { width, height } = screen;
  const server = await startXServer(lifetime, "Xvnc", [
    ...["-geometry", `${width}x${height}`, "-depth", "24", "-nolisten", "tcp"],
    ...["-rfbport", String(vncPort), "-localhost", "-SecurityTypes", "None", "-AlwaysShared"],
    ...args,
  ]);
  return { ...server, vncPort };
}

async function startXServer(lifetime: Lifetime, command: string, args: readonly string[]): Promise<XServer> {
  const child = await startChild(lifetime, command, ["-displayfd", "3", ...args], { linesFromFd3: true });
  const number = await child.line((line) => line.trim() || undefined);
  return { pid: child.pid, display: `:${number}` };
}

/** A loopback port that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
