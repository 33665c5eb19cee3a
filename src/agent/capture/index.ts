export type { CaptureBackend, Capturer, CursorShape, Grab, Monitor, PixelBuffer } from "./capturer.ts";
export { type CapturerOptions, openCapturer } from "./open-capturer.ts";
export { type CaptureProbe, probeCapture } from "./probe.ts";
export { openScreen, type Screen, type ScreenOptions } from "./screen.ts";
