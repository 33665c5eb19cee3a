import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

/** What every Chromium of a test is started with. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium's own software adapters for WebGL and WebGPU. */
export const SOFTWARE_GPU = [
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-vulkan=swiftshader",
] as const;

export type ChromiumOptions = {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "dark" | "light";
  readonly touch?: boolean;
  readonly deviceScaleFactor?: number;
  readonly args?: readonly string[];
  readonly permissions?: readonly string[];
  /** A program that starts Chromium in its own way. */
  readonly executablePath?: string;
};

/** A Chromium with a profile of its own. Messages of the page that are errors are kept in `errors`. */
export type Chromium = {
  readonly context: BrowserContext;
  readonly errors: string[];
  open(url: string): Promise<Page>;
  close(): Promise<void>;
};

/** Starts the system's Chromium without a window; the caller closes it. */
export async function startChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), "sightline-chromium-"));
  const errors: string[] = [];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: options.executablePath ?? "/usr/bin/chromium",
    headless: true,
    args: ["--headless=new", ...CHROMIUM_ARGS, ...(options.args ?? [])],
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme ?? "dark",
    hasTouch: options.touch ?? false,
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    permissions: [...(options.permissions ?? [])],
  });
  return {
    context,
    errors,
    async open(url) {
      const page = await context.newPage();
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(url);
      return page;
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
