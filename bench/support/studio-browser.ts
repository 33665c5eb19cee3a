import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CDPSession, chromium, type Page } from "playwright-core";
import type { Lifetime } from "./lifetime.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-gpu",
];

export type StudioBrowserOptions = {
  readonly width: number;
  readonly height: number;
  readonly args?: readonly string[];
  /** An X display to open a window on; without it there is none. */
  readonly display?: string;
};

/** A fresh Chromium with one page of this size, in a window or without one. */
export async function openStudioBrowser(
  lifetime: Lifetime,
  { width, height, args = [], display }: StudioBrowserOptions,
): Promise<{ readonly page: Page; readonly cdp: CDPSession; readonly profile: string }> {
  const profile = await mkdtemp(join(tmpdir(), "bench-chromium-"));
  lifetime.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: display === undefined,
    args: [...FLAGS, ...args, ...(display === undefined ? [] : ["--window-position=0,0"])],
    viewport: { width, height },
    bypassCSP: true,
    ...(display === undefined ? {} : { env: { ...process.env, DISPLAY: display } }),
    handleSIGINT: false,
    handleSIGTERM: false,
  });
  lifetime.defer(() => context.close());
  const page = context.pages()[0] ?? (await context.newPage());
  return { page, cdp: await context.newCDPSession(page), profile };
}
