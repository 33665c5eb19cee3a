/** What workers of other pages take from the viewer's worker. */
export { StreamPlayer } from "./stream-player.ts";
