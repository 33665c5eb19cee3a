import { CAPTURE_BACKENDS, isForThisSystem } from "./backends.ts";
import type { CaptureBackend, Monitor } from "./capturer.ts";
import { describeDeeply, openCapturer } from "./open-capturer.ts";
import { type MonitorSource, openMonitors } from "./screen.ts";

/** What trying one backend showed. */
export type CaptureProbe = {
  readonly backend: CaptureBackend;
  readonly ok: boolean;
  /** What was grabbed and how long it took, or why nothing was. */
  readonly detail: string;
};

/** Tries every backend by grabbing one picture of the display's first monitor. Never throws. */
export async function probeCapture(display: string | undefined): Promise<CaptureProbe[]> {
  let source: MonitorSource | undefined;
  let noMonitor = "";
  try {
    source = openMonitors(display);
  } catch (error) {
    noMonitor = describeDeeply(error);
  }
  const monitor = source?.monitors[0];
  const probes: CaptureProbe[] = [];
  for (const backend of CAPTURE_BACKENDS) {
    if (!isForThisSystem(backend)) probes.push({ backend, ok: false, detail: "is for another operating system" });
    else if (monitor === undefined) probes.push({ backend, ok: false, detail: noMonitor });
    else probes.push(await probeBackend(display, monitor, backend));
  }
  // Not earlier: an X server starts anew when its last client leaves, and refuses the next one meanwhile.
  source?.close();
  return probes;
}

async function probeBackend(
  display: string | undefined,
  monitor: Monitor,
  backend: CaptureBackend,
): Promise<CaptureProbe> {
  try {
    const capturer = await openCapturer({ display, monitor, backend, maxFps: 30 });
    const grab = capturer.grab();
    capturer.close();
    if (grab === undefined) return { backend, ok: false, detail: `${monitor.name} went away during the test` };
    const ms = ((grab.grabEndUs - grab.grabStartUs) / 1000).toFixed(1);
    return { backend, ok: true, detail: `${monitor.name}, ${monitor.width}x${monitor.height}, grabbed in ${ms} ms` };
  } catch (error) {
    return { backend, ok: false, detail: describeDeeply(error) };
  }
}
