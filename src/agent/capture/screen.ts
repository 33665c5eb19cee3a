import { type Closable, describeError, Emitter, EnvironmentError, type Event, Scope } from "../../base/index.ts";
import { X11Connection } from "../x11/index.ts";
import { CAPTURE_BACKENDS, isForThisSystem } from "./backends.ts";
import type { CaptureBackend, Monitor } from "./capturer.ts";
import { type LibavBackend, LibavDevice } from "./libav-device.ts";
import { openCapturer, requireDisplay } from "./open-capturer.ts";
import { X11Monitors } from "./x11-monitors.ts";

export type ScreenOptions = {
  readonly display: string | undefined;
  readonly backend: "auto" | CaptureBackend;
  readonly maxFps: number;
};

/** A display that can be captured: its monitors, and the backend that really delivered a picture of it. */
export type Screen = Closable & {
  readonly backend: CaptureBackend;
  /** Why this backend and not a better one, for people to read. */
  readonly reason: string;
  /** The monitors as they are now; at least one. */
  readonly monitors: readonly Monitor[];
  /** Fires with the new list when a monitor was plugged in or out, moved or resized. */
  readonly onMonitors: Event<readonly Monitor[]>;
  /** The display went away, with the reason for people; nothing more can be captured. Fires once. */
  readonly onFailed: Event<string>;
};

/** Opens a display and tries its backends by grabbing one picture. Throws `EnvironmentError` when none works. */
export async function openScreen(options: ScreenOptions): Promise<Screen> {
  const scope = new Scope();
  try {
    const source = scope.add(openMonitors(options.display));
    const monitor = source.monitors[0] as Monitor;
    const capturer = await openCapturer({ ...options, monitor });
    const { backend, reason } = capturer;
    capturer.close();
    return {
      backend,
      reason,
      get monitors() {
        return source.monitors;
      },
      onMonitors: source.onMonitors,
      onFailed: source.onFailed,
      close: () => scope.close(),
    };
  } catch (error) {
    scope.close();
    throw error;
  }
}

/** Who knows the monitors of a display. */
export type MonitorSource = Closable & Pick<Screen, "monitors" | "onMonitors" | "onFailed">;

/** Throws `EnvironmentError` when the display cannot be opened. */
export function openMonitors(display: string | undefined): MonitorSource {
  if (process.platform !== "linux") return openDesktop(display);
  const scope = new Scope();
  try {
    const connection = scope.add(X11Connection.open(requireDisplay(display)));
    const monitors = scope.add(new X11Monitors(connection));
    const failed = new Emitter<string>();
    scope.defer(connection.onBroken((error) => failed.emit(describeError(error))));
    return {
      onFailed: failed.event,
      get monitors() {
        return monitors.monitors;
      },
      onMonitors: monitors.onMonitors,
      close: () => scope.close(),
    };
  } catch (error) {
    scope.close();
    if (display === undefined) throw error;
    // Without the X11 client library FFmpeg can still capture the display as one screen.
    try {
      return openDesktop(display);
    } catch {
      throw error;
    }
  }
}

/** The whole desktop as one monitor, of the size that FFmpeg's device delivers. */
function openDesktop(display: string | undefined): MonitorSource {
  const isLibav = (backend: CaptureBackend): backend is LibavBackend => backend.startsWith("libav-");
  let failure: unknown;
  for (const backend of CAPTURE_BACKENDS.filter(isForThisSystem).filter(isLibav)) {
    let device: LibavDevice | undefined;
    try {
      device = new LibavDevice({ backend, display, area: undefined, fps: 30, drawPointer: false });
      const picture = device.read();
      if (picture === undefined) continue;
      const { width, height } = picture;
      const monitor: Monitor = { key: "screen", name: "Screen", x: 0, y: 0, width, height, primary: true };
      const changes = new Emitter<readonly Monitor[]>();
      const failed = new Emitter<string>();
      return { monitors: [monitor], onMonitors: changes.event, onFailed: failed.event, close: () => changes.close() };
    } catch (error) {
      failure = error;
    } finally {
      device?.close();
    }
  }
  throw new EnvironmentError("No desktop can be captured.", "Run `sightline doctor` on this machine.", {
    cause: failure,
  });
}
