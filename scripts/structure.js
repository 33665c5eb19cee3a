import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./run-command.js";

/** Files through which the folders of a layer may know each other, besides an `index.ts`. */
const CONTRACTS = new Set([
  "src/agent/capture/capturer.ts",
  "src/agent/encode/encoder.ts",
  "src/agent/input/injector.ts",
]);

/** Folders that every other folder of their layer may build on. */
const BASES = new Set(["src/agent/x11"]);

/**
 * The imports by which a folder of a layer reaches past another folder's public root. Imports between layers are the
 * compiler's business.
 * @param {string} file path of the importing file, from the root
 * @param {string} source
 * @returns {string[]} one full sentence for each
 */
export function forbiddenImports(file, source) {
  const from = folderInLayer(file);
  const problems = [];
  for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = join(dirname(file), specifier ?? "");
    const to = folderInLayer(target);
    if (!from || !to || from === to || dirname(from) !== dirname(to)) continue;
    if (BASES.has(to) || CONTRACTS.has(target) || target === `${to}/index.ts`) continue;
    problems.push(`${file} imports ${target}; import ${to}/index.ts, or move what both need to the layer's root.`);
  }
  return problems;
}

/**
 * "src/agent/capture" for anything below it; undefined for a file in a layer's root and outside of src.
 * @param {string} path
 */
function folderInLayer(path) {
  const [src, layer, folder, ...rest] = path.split("/");
  return src === "src" && rest.length > 0 ? `src/${layer}/${folder}` : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problems = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      return forbiddenImports(relative(root, path), readFileSync(path, "utf8"));
    });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
