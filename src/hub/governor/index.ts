export { Governor, type InFlight } from "./governor.ts";
export { budgetAt, type Content, type Level, ladderFor } from "./ladder.ts";
export type { PresentedTimes } from "./recent-times.ts";
