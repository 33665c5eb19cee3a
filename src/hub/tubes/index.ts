export { TubeDesk } from "./tube-desk.ts";
export { TubeRelay } from "./tube-relay.ts";
