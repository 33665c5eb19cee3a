export { Backoff, type BackoffOptions } from "./backoff.ts";
export { BoundedQueue, type OverflowPolicy } from "./bounded-queue.ts";
export { ClockOffset } from "./clock-offset.ts";
export { Emitter, type Event, type Unsubscribe } from "./emitter.ts";
export { describeError, EnvironmentError, ProtocolError, type ProtocolErrorCode } from "./errors.ts";
export { addDamage, alignOutwards, area, boundingRect, intersect, type Rect } from "./rect.ts";
export { type Closable, Scope } from "./scope.ts";
export { Measurements, type Summary, summarize } from "./summary.ts";
