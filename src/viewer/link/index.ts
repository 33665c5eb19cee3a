export { ClockOffset } from "./clock-offset.ts";
export { HubConnection, type HubConnectionOptions } from "./hub-connection.ts";
