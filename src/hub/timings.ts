import { KEEP_ALIVE_MS } from "../node/index.ts";

/** The hub's bounds in time. The defaults suit every network that was tried; tests shorten them. */
export type HubTimings = {
  /** How long a new link may take to say hello. */
  readonly helloMs: number;
  /** How long a rung outlives its last viewer, so that switching back is instant. */
  readonly rungLingerMs: number;
  /** A viewer that leaves a picture unacknowledged this long is disconnected. */
  readonly tooSlowMs: number;
  /** Control passes to nobody after this long without input. */
  readonly controlIdleMs: number;
  /** How often an agent's clock is compared with the hub's. */
  readonly clockPingMs: number;
  /** How often WebSocket links ask whether the other end is alive. */
  readonly keepAliveMs: number;
  /** How long a camera stays open after its last viewer. */
  readonly cameraGraceMs: number;
  /** A camera's process is replaced when it is this old. */
  readonly cameraMaxAgeMs: number;
  /** How often is looked for processes that are due to be replaced. */
  readonly cameraCheckMs: number;
};

export const DEFAULT_TIMINGS: HubTimings = {
  helloMs: 10_000,
  rungLingerMs: 2000,
  tooSlowMs: 10_000,
  controlIdleMs: 60_000,
  clockPingMs: 5000,
  keepAliveMs: KEEP_ALIVE_MS,
  cameraGraceMs: 10_000,
  cameraMaxAgeMs: 24 * 3600 * 1000,
  cameraCheckMs: 15_000,
};
