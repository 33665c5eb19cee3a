export { accessOf, type HttpContext, SESSION_COOKIE } from "./http-context.ts";
export { startHttp } from "./http-server.ts";
