import type { Monitor } from "../../dist/agent/capture/capturer.js";

/** A monitor in the corner of a test's display. */
export const MONITOR: Monitor = { key: "test", name: "test", x: 0, y: 0, width: 640, height: 480, primary: true };
