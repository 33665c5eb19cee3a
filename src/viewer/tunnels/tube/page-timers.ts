import type { Timers } from "../../../tube/core/index.ts";

/** A browser's clock and timers. */
export const pageTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
