export { FileStore } from "./file-store.ts";
export { SceneStore } from "./scene-store.ts";
export { addStudioRoutes } from "./studio-routes.ts";
