import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program in the checkout's root with this terminal's output and no input. Ends this process with the program's
 * exit code when that is not 0.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [environment] added to this process's environment
 */
export function runOrExit(command, args, environment = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...environment },
  });
  if (result.error) {
    console.error(`${command} could not be started: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/**
 * Runs a JavaScript program of a package in node_modules.
 * @param {string} file path below node_modules
 * @param {string[]} args
 */
export function runPackageOrExit(file, args) {
  runOrExit(process.execPath, [`node_modules/${file}`, ...args]);
}
