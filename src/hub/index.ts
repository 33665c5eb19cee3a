export { type Hub, type HubOptions, type LocalAgent, MIN_TOKEN_LENGTH } from "./hub-options.ts";
export { startHub } from "./start-hub.ts";
export type { HubTimings } from "./timings.ts";
