import type { HubCore } from "./hub-core.ts";
import type { HubOptions } from "./hub-options.ts";
import { type Motion, openMotion } from "./motion/index.ts";
import type { Store } from "./store/index.ts";

/** Keeps what the cameras tell of movement, and tells it to pages and whoever else is configured. */
export function joinMotion(core: HubCore, store: Store | undefined, options: HubOptions): Motion {
  const { metrics, log, cameras, events } = core;
  const parts = { store, hubName: options.name, registry: metrics.registry, log };
  const motion = openMotion(options.events ?? {}, parts);
  cameras.onMotion(({ source, report, atMs }) => motion.desk.report(source.path, report, atMs));
  cameras.onMotionLost((source) => motion.desk.lost(source.path));
  motion.desk.onChange(({ event }) => events.motion(event));
  return motion;
}
