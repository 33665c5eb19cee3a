import type { Timers } from "../core/index.ts";

/** Node's monotonic clock and timers. */
export const nodeTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
