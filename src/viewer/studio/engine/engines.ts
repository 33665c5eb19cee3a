import { CpuEngine } from "./cpu-engine.ts";
import type { Engine, EngineName } from "./engine.ts";
import { WebglEngine } from "./webgl-engine.ts";
import { WebgpuEngine } from "./webgpu-engine.ts";

/** Opens an engine on a canvas that has no context yet. Rejects where the browser cannot give the context. */
export async function openEngine(name: EngineName, canvas: OffscreenCanvas): Promise<Engine> {
  if (name === "cpu") return new CpuEngine(canvas);
  if (name === "webgl") return new WebglEngine(canvas);
  return WebgpuEngine.open(canvas);
}
