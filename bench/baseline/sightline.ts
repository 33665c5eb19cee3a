import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { startChild } from "../support/child.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { startTestProgram } from "../support/picture-source.ts";
import { startXvfb } from "../support/x-server.ts";
import type { Contestant, Explanation } from "./contestant.ts";

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
  const options = ["--port", "0", "--state", home, "--display", xvfb.display];
  const server = await startChild(lifetime, process.execPath, [program, "serve", ...options]);
  const url = await server.line((line) => /https?:\/\/\S+#token=\S+/.exec(line)?.[0]);
  return { url, port: Number(new URL(url).port), serverPids: [xvfb.pid, server.pid], source, explain };
}

/** The page's own measurements, which start anew: its stages' times, which encoder and painter it used. */
function explain(page: Page): Promise<Explanation> {
  return page.evaluate(async () => {
    type Exported = { timings: { stages: { stage: string; ms: { p50: number; p95: number } }[] } };
    type View = Element & { exportTimings(): Promise<Exported>; clearTimings(): void };
    const view = [...document.querySelectorAll("*")]
      .flatMap((element) => [element, ...(element.shadowRoot?.querySelectorAll("*") ?? [])])
      .find((element): element is View => "exportTimings" in element);
    if (!view) throw new Error("The page has no <sightline-view>.");
    const all = await view.exportTimings();
    view.clearTimings();
    return { stages: all.timings.stages.map(({ stage, ms }) => ({ stage, p50: ms.p50, p95: ms.p95 })), all };
  });
}
