export { controlStyles } from "./control-styles.ts";
export { icon } from "./icons.ts";
export type { TunnelEntry, TunnelsElement } from "./tunnels-contract.ts";
