import type { Closers } from "./closers.ts";
import type { CommandContext } from "./command-context.ts";
import { startVirtualDesktop } from "./desktop/virtual-desktop.ts";

/** The screen to show: which one, why, and what a program needs in its environment to reach it. */
export type Display = {
  /** ":0"; undefined for the platform's own screen where that is no X display. */
  readonly name: string | undefined;
  /** One line for people. */
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** Finds the display that the configuration means, or starts a virtual desktop, which then belongs to `closers`. */
export async function openDisplay(context: CommandContext, closers: Closers): Promise<Display> {
  const { config, environment, log, signal } = context;
  const own = environment.DISPLAY;
  if (config.display !== "auto" && config.display !== "virtual") {
    return { name: config.display, description: `${config.display}, as configured`, environment: {} };
  }
  if (config.display === "auto") {
    if (own) return { name: own, description: `${own}, from DISPLAY`, environment: {} };
    if (process.platform === "win32" || process.platform === "darwin") {
      return { name: undefined, description: "this machine's screen", environment: {} };
    }
  }
  const desktop = await startVirtualDesktop({ size: config.desktopSize, log, signal });
  closers.add(() => desktop.close());
  const reason = config.display === "virtual" ? "as configured" : "because DISPLAY is not set";
  return {
    name: desktop.display,
    description: `${desktop.display}, a virtual desktop of ${config.desktopSize}, ${reason}`,
    environment: desktop.environment,
  };
}
