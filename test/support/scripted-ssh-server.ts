import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import ssh2, { type AuthContext } from "ssh2";

/** A server that logs in as the test says; for the ways of logging in that a real sshd needs accounts for. */
export async function startScriptedSshServer(
  hostKeyFile: string,
  authenticate: (context: AuthContext) => void,
): Promise<{ readonly port: number; close(): void }> {
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKeyFile)] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", authenticate);
    client.on("session", (accept) => {
      const session = accept();
      session.on("pty", (acceptPty) => acceptPty?.());
      session.on("shell", (acceptShell) => acceptShell().write("Welcome.\r\n"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
