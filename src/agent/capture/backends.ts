import type { CaptureBackend } from "./capturer.ts";

/** The system that each backend captures, in the order in which they are tried. */
const BACKEND_PLATFORMS: Readonly<Record<CaptureBackend, NodeJS.Platform>> = {
  "x11-shm": "linux",
  "x11-get-image": "linux",
  "libav-x11grab": "linux",
  "libav-ddagrab": "win32",
  "libav-gdigrab": "win32",
  "libav-avfoundation": "darwin",
};

export const CAPTURE_BACKENDS = Object.keys(BACKEND_PLATFORMS) as readonly CaptureBackend[];

/** Whether `backend` is for the system that this process runs on. */
export function isForThisSystem(backend: CaptureBackend): boolean {
  return BACKEND_PLATFORMS[backend] === process.platform;
}
