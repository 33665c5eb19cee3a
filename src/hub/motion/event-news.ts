import type { MotionEvent } from "../../protocol/index.ts";
import type { MotionChange } from "./motion-desk.ts";

/** What receivers outside are told about a movement, as JSON. */
export type EventNews = {
  readonly type: "motion";
  readonly phase: "start" | "end";
  /** The hub's name. */
  readonly hub: string;
  readonly event: MotionEvent;
  /** Path of the event's picture on the hub; null where there is none. */
  readonly snapshot: string | null;
};

/** The news of a change; undefined for growth, which nobody outside needs to hear of. */
export function newsOf({ phase, event }: MotionChange, hub: string): EventNews | undefined {
  if (phase === "update") return undefined;
  const snapshot = event.snapshot ? `/api/events/${event.id}/snapshot.jpg` : null;
  return { type: "motion", phase: phase === "start" ? "start" : "end", hub, event, snapshot };
}
