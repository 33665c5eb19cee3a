/** Names of renderers that draw without a GPU; "none" is ours for no WebGL at all. */
export const SOFTWARE_RENDERERS = /swiftshader|llvmpipe|softpipe|basic render|^none$/i;

/** What draws here ("ANGLE (… SwiftShader …)"), or "none" without WebGL2. A remembered choice holds for one renderer. */
export function rendererName(): string {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (gl === null) return "none";
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" ? name : "unknown";
}
