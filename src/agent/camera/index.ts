export { CameraSession, type CameraSessionEnd, type CameraSessionOptions } from "./camera-session.ts";
export { CameraThread } from "./camera-thread.ts";
