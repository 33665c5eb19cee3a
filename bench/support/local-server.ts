import { connect, type Server } from "node:net";
import type { Lifetime } from "./lifetime.ts";
import { pause } from "./monotonic.ts";

/** Listens on a free loopback port until the lifetime ends; resolves with the port. */
export async function listenLocally(
  lifetime: Lifetime,
  server: Server & { closeAllConnections(): void },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  lifetime.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("The server has no port.");
  return address.port;
}

/** Waits until something accepts connections on a loopback port. */
export async function waitForPort(port: number, timeoutMs = 10_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await accepts(port))) {
    if (Date.now() > endMs) throw new Error(`Nothing listens on port ${port}.`);
    await pause(50);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
