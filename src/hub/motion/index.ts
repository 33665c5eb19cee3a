export { type EventOptions, type Motion, openMotion } from "./open-motion.ts";
