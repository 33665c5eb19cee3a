import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installDependencies } from "./dependencies.js";
import { root, runPackageOrExit } from "./run-command.js";

/** What the page is made from; a change in any of it makes the built page stale. */
const PAGE_INPUTS = [
  "src/viewer",
  "src/base",
  "src/protocol",
  "src/codecs",
  "src/tube/core",
  "vite.config.ts",
  "package-lock.json",
];
const PAGE_STAMP = "dist/page.sha256";

/** Compiles every layer and bundles the page; what is up to date already is not built again. */
export function build() {
  runPackageOrExit("typescript/bin/tsc", ["-b"]);
  const hash = hashFiles(PAGE_INPUTS);
  if (existsSync(join(root, "dist/page/index.html")) && readStamp() === hash) return;
  runPackageOrExit("vite/bin/vite.js", ["build", "--logLevel", "warn"]);
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, PAGE_STAMP), hash);
}

/**
 * One hash over the names and contents of files and of all files below folders.
 * @param {readonly string[]} paths relative to the root
 */
function hashFiles(paths) {
  const hash = createHash("sha256");
  for (const path of paths) addToHash(hash, path);
  return hash.digest("hex");
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} path
 */
function addToHash(hash, path) {
  const entries = readEntries(path);
  if (!entries) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  else for (const name of entries.sort()) addToHash(hash, `${path}/${name}`);
}

/**
 * Names in a folder; undefined when the path is a file.
 * @param {string} path
 */
function readEntries(path) {
  try {
    return readdirSync(join(root, path));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOTDIR") return undefined;
    throw error;
  }
}

function readStamp() {
  return existsSync(join(root, PAGE_STAMP)) ? readFileSync(join(root, PAGE_STAMP), "utf8") : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  installDependencies();
  build();
}
