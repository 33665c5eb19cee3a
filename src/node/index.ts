export type { Link, LinkClose } from "./link.ts";
export { monotonicUs } from "./monotonic-clock.ts";
