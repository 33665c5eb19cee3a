export { createMotionDetector, type MotionDetector, type MotionVerdict } from "./motion-detector.ts";
export { MOTION_MAX_FPS, motionPlaneSize } from "./motion-plane.ts";
