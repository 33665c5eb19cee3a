/** What other pages take from the viewer's page: `<sightline-view>`, and its look. */
import "./sightline-view.ts";

export { controlStyles } from "./control-styles.ts";
export { icon } from "./icons.ts";
export { pageStyles } from "./page-styles.ts";
export { applyTheme, recallTheme } from "./theme.ts";
export type { TunnelEntry, TunnelsElement } from "./tunnels-contract.ts";
