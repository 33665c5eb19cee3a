import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, runOrExit } from "./run-command.js";

/** @typedef {{ packages: Record<string, { version?: string, integrity?: string, optional?: boolean }> }} Lock */

/**
 * Whether what npm recorded in node_modules is what package-lock.json asks for. Optional packages may be absent, or there
 * without being asked for: each platform has its own.
 * @param {Lock} wanted
 * @param {Lock | undefined} installed
 */
export function isInstalled(wanted, installed) {
  if (!installed) return false;
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (path === "") continue;
    const found = installed.packages[path];
    if (!found && entry.optional) continue;
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) return false;
  }
  return Object.entries(installed.packages).every(([path, entry]) => entry.optional || path in wanted.packages);
}

/** Installs the npm packages when they are missing or differ from package-lock.json. Runs none of their scripts. */
export function installDependencies() {
  const wanted = readLock("package-lock.json");
  if (!wanted) throw new Error("package-lock.json is missing or broken; check it out again.");
  if (isInstalled(wanted, readLock("node_modules/.package-lock.json"))) return;
  console.log("Installing npm packages …");
  // Not `npm ci`: that insists on lock entries for every platform's optional packages, which npm itself leaves out of a
  // lock when its registry lacks them. `--no-save` keeps to the versions of the lock and leaves it as it is.
  runOrExit("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

/**
 * @param {string} path
 * @returns {Lock | undefined}
 */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8"));
  } catch {
    return undefined;
  }
}
