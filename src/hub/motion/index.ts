export { type MotionChange, MotionDesk } from "./motion-desk.ts";
export { type EventOptions, type Motion, openMotion } from "./open-motion.ts";
