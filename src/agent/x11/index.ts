export { type Extension, X11Connection, type X11Event } from "./connection.ts";
export { loadLibXcb, type Pointer } from "./libxcb.ts";
export { RequestWriter, request } from "./request.ts";
export { X11RequestError } from "./request-error.ts";
export type { PixmapFormat, RootScreen, Setup, Visual } from "./setup.ts";
