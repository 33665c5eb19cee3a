import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CDPSession, chromium, type Page } from "playwright-core";
import type { Lifetime } from "./lifetime.ts";
import { monotonicMs } from "./monotonic.ts";
import { childrenWithArgument } from "./process-tree.ts";
import { screen } from "./scene.ts";

/** A fresh headless Chromium with one page. */
export type Browser = { readonly page: Page; readonly cdp: CDPSession; readonly pids: readonly number[] };

const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const chromiumFlags = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens Chromium with a profile of its own, which is deleted at the end. */
export async function openBrowser(lifetime: Lifetime): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "bench-chromium-"));
  lifetime.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    args: chromiumFlags,
    viewport: screen,
    bypassCSP: true,
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  lifetime.defer(() => context.close());
  const page = context.pages()[0] ?? (await context.newPage());
  return { page, cdp: await context.newCDPSession(page), pids: childrenWithArgument(profile) };
}

/** How the page's clock maps to this process's: `monotonicMs() = performance.now() + offsetMs`, within `errorMs`. */
export type ClockAlignment = { readonly offsetMs: number; readonly errorMs: number };

/** Asks the page for its time many times; the quickest answer bounds the error by half its round trip. */
export async function alignClocks(cdp: CDPSession): Promise<ClockAlignment> {
  let best: ClockAlignment = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 150; i++) {
    const beforeMs = monotonicMs();
    const answer = await cdp.send("Runtime.evaluate", { expression: "performance.now()", returnByValue: true });
    const afterMs = monotonicMs();
    const errorMs = (afterMs - beforeMs) / 2;
    if (errorMs < best.errorMs) best = { offsetMs: beforeMs + errorMs - Number(answer.result.value), errorMs };
  }
  return best;
}
