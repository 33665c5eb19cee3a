import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "vite";

/**
 * Node's module hook that strips the types from a `.ts` file.
 * @type {import("node:module").LoadHook}
 */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(".ts")) return nextLoad(url, context);
  const source = await readFile(new URL(url), "utf8");
  const { code } = await transformWithOxc(source, fileURLToPath(url), { sourcemap: false });
  return { format: "module", source: code, shortCircuit: true };
}
