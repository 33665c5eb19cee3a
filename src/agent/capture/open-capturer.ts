import { describeError, EnvironmentError } from "../../base/index.ts";
import { CAPTURE_BACKENDS, isForThisSystem } from "./backends.ts";
import type { CaptureBackend, Capturer, Monitor } from "./capturer.ts";
import { LibavCapturer } from "./libav-capturer.ts";
import { X11Capturer } from "./x11-capturer.ts";

export type CapturerOptions = {
  /** The X display (":0"); unused on systems without X. */
  readonly display: string | undefined;
  readonly monitor: Monitor;
  /** "auto" takes the first backend of this system that really delivers a picture. */
  readonly backend: "auto" | CaptureBackend;
  /** Rate of backends that deliver at a rate. */
  readonly maxFps: number;
};

/**
 * Opens a capturer on the calling thread. Throws `EnvironmentError` that says of each backend why it could not be used.
 */
export async function openCapturer(options: CapturerOptions): Promise<Capturer> {
  if (options.backend !== "auto") return openBackend(options, options.backend, "forced by the configuration");
  const failures: string[] = [];
  for (const backend of CAPTURE_BACKENDS.filter(isForThisSystem)) {
    const reason = failures.length === 0 ? "first choice on this system" : failures.join(" ");
    try {
      return openBackend(options, backend, reason);
    } catch (error) {
      failures.push(`${backend}: ${describeDeeply(error)}`);
    }
  }
  throw new EnvironmentError(
    `Nothing can capture ${options.monitor.name}. ${failures.join(" ")}`,
    "Run `sightline doctor` on this machine.",
  );
}

function openBackend(options: CapturerOptions, backend: CaptureBackend, reason: string): Capturer {
  const { display, monitor, maxFps } = options;
  if (backend === "x11-shm" || backend === "x11-get-image") {
    return new X11Capturer({ display: requireDisplay(display), monitor, backend, reason });
  }
  if (backend === "libav-x11grab") requireDisplay(display);
  return new LibavCapturer({ backend, display, monitor, maxFps, reason });
}

/** Throws `EnvironmentError` when there is no display to connect to. */
export function requireDisplay(display: string | undefined): string {
  if (display !== undefined && display !== "") return display;
  throw new EnvironmentError(
    "No X display is known.",
    "Start the agent inside the desktop session, set DISPLAY, or let Sightline start a virtual desktop.",
  );
}

/** As `describeError`, with the causes beneath: the reason that a person needs is often the innermost. */
export function describeDeeply(error: unknown): string {
  const text = describeError(error);
  return error instanceof Error && error.cause !== undefined ? `${text} (${describeDeeply(error.cause)})` : text;
}
