export { HubConnection, type HubConnectionOptions } from "./hub-connection.ts";
