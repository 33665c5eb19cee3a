export { type Extension, X11Connection, type X11Event } from "./connection.ts";
export { request } from "./request.ts";
