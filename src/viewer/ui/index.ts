export { SightlinePage } from "./sightline-page.ts";
export { SightlineView, type ViewEvents, type ViewState } from "./sightline-view.ts";
