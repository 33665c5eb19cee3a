export { CameraBook, type CameraEntry, type ConfiguredCamera } from "./camera-book.ts";
export { CameraDesk, type CameraMotion, type CameraMotionView } from "./camera-desk.ts";
export { addCameraRoutes } from "./camera-routes.ts";
