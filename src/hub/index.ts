export type { GatewayAdmission, GatewayDoor, GatewayRequest } from "./gateway-door.ts";
export type { Hub, HubOptions, LocalAgent } from "./hub-options.ts";
export { startHub } from "./start-hub.ts";
export type { HubTimings } from "./timings.ts";
