export { controlStyles } from "./control-styles.ts";
export { icon } from "./icons.ts";
export { pageStyles } from "./page-styles.ts";
export { applyTheme, recallTheme } from "./theme.ts";
export type { TunnelEntry, TunnelsElement } from "./tunnels-contract.ts";
