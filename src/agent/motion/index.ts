// createMotionDetector(size: { width; height }, settings: MotionSettings): MotionDetector comes next, here.
export type { MotionDetector, MotionVerdict } from "./motion-detector.ts";
export { MOTION_MAX_FPS, motionPlaneSize } from "./motion-plane.ts";
