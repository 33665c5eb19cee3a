/** What other pages take from the viewer's page: `<sightline-view>`, and its look. */
import "./sightline-view.ts";

export { ageInWords } from "./age.ts";
export { controlStyles } from "./control-styles.ts";
export { icon } from "./icons.ts";
export { pageStyles } from "./page-styles.ts";
export { recallPainter } from "./painter-memory.ts";
export { checkSession, openSession, type SignIn } from "./session-api.ts";
export { SightlineView } from "./sightline-view.ts";
export { applyTheme, recallTheme, THEMES, type Theme } from "./theme.ts";
export type { TunnelEntry, TunnelsElement } from "./tunnels-contract.ts";
