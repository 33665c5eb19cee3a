import { spawn } from "node:child_process";
import { installDependencies } from "./dependencies.js";
import { root } from "./run-command.js";

// Everything that can be said about the code without running it, side by side; each check prints only when it fails.
const checks = [
  { name: "types", steps: [tsc("-b", ".", "bench"), tsc("-p", "test"), tsc("-p", "scripts")] },
  { name: "biome", steps: [node("@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".")] },
  { name: "oxlint", steps: [node("oxlint/bin/oxlint", "--type-aware", "--deny-warnings")] },
  { name: "knip", steps: [node("knip/bin/knip.js")] },
  { name: "structure", steps: [["scripts/structure.js"]] },
];

installDependencies();
const startedMs = performance.now();
const results = await Promise.all(checks.map(runCheck));
const failed = results.filter((passed) => !passed).length;
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
console.log(failed === 0 ? `All checks passed in ${seconds} s.` : `${failed} of ${checks.length} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * Runs the steps of a check until one fails.
 * @param {{ name: string, steps: string[][] }} check
 */
async function runCheck({ name, steps }) {
  const startedMs = performance.now();
  for (const step of steps) {
    const { code, output } = await runQuietly(step);
    if (code === 0) continue;
    console.log(`✗ ${name} (node ${step.join(" ")})\n${output.trimEnd()}\n`);
    return false;
  }
  console.log(`✓ ${name} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return true;
}

/**
 * @param {string[]} args of Node
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function runQuietly(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (/** @type {Buffer} */ bytes) => {
      output += bytes.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** @param {string[]} args */
function tsc(...args) {
  return node("typescript/bin/tsc", ...args);
}

/**
 * @param {string} file
 * @param {string[]} args
 */
function node(file, ...args) {
  return [`node_modules/${file}`, ...args];
}
