import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionCookie } from "./fake-viewer.ts";
import { SightlineProcess } from "./sightline-process.ts";

/** The whole program with its gateway for legacy clients, on free ports of loopback. */
export type LegacyKvmHub = {
  readonly process: SightlineProcess;
  /** The hub's page. */
  readonly url: string;
  readonly token: string;
  /** "ws://127.0.0.1:9921" */
  readonly gateway: string;
  /** Headers of a browser that has opened the hub's page, and the client's page on another port. */
  browser(): Promise<Record<string, string>>;
  close(): Promise<void>;
};

/** Starts `sightline serve` on an X display. */
export async function startLegacyKvmHub(display: string, ...flags: string[]): Promise<LegacyKvmHub> {
  const folder = mkdtempSync(join(tmpdir(), "sightline-legacy-"));
  const args = ["serve", "--port", "0", "--display", display, "--legacy-kvm", "0", "--name", "desk", ...flags];
  const process = new SightlineProcess(args, { XDG_STATE_HOME: folder });
  const [, url = "", token = ""] = await process.waitFor(/Open\s+(\S+)\/#token=(\S+)/);
  const [, port] = await process.waitFor(/Legacy\s+port (\d+)/);
  return {
    process,
    url,
    token,
    gateway: `ws://127.0.0.1:${port}`,
    browser: async () => ({ cookie: await sessionCookie(url, token), origin: "http://127.0.0.1:8080" }),
    async close() {
      await process.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
