export { refuse } from "./api-routes.ts";
export { accessOf, accessOfRequest, type HttpContext, SESSION_COOKIE } from "./http-context.ts";
export { startHttp } from "./http-server.ts";
