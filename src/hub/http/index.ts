export type { HttpContext } from "./http-context.ts";
export { startHttp } from "./http-server.ts";
