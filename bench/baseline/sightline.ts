import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "../support/child.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startTestProgram } from "../support/picture-source.ts";
import { freePort, startXvfb } from "../support/x-server.ts";
import type { Contestant } from "./contestant.ts";

/** Sightline as it ships, on a virtual screen, with its own page. */
export const sightline: Contestant = {
  name: "sightline",
  description: "sightline serve on Xvfb, its own page",
  start: startSightline,
};

// From dist/bench/baseline to dist/cli.
const program = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

async function startSightline(lifetime: Lifetime) {
  const home = await mkdtemp(join(tmpdir(), "bench-sightline-"));
  lifetime.defer(() => rm(home, { recursive: true, force: true }));
  const xvfb = await startXvfb(lifetime);
  const source = await startTestProgram(lifetime, xvfb.display);
  const port = await freePort();
  const server = await startChild(lifetime, process.execPath, [program, "serve", "--port", String(port)], {
    env: { DISPLAY: xvfb.display, HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home },
  });
  const url = await server.line((line) => /https?:\/\/\S+#token=\S+/.exec(line)?.[0]);
  return { url, port, serverPids: [xvfb.pid, server.pid], source };
}
