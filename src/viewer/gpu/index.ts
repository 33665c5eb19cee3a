/** What everything that draws with the GPU shares: the desktop viewer, the wall, the studio. */
export { rendererName, SOFTWARE_RENDERERS } from "./renderer-name.ts";
export { WebglProgram } from "./webgl-program.ts";
