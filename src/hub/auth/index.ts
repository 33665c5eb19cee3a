export { Gatekeeper } from "./gatekeeper.ts";
export { HostPolicy, isLoopbackHost, type RequestPlace, requireSafeBind } from "./host-policy.ts";
export { newSecret } from "./secrets.ts";
